// Differences on the same prompts: before and after a defence, organism and twin. Pairing takes the prompts'
// own spread out.
#pragma once

#include <cstdint>
#include <span>

#include "core/base/random.h"
#include "core/stats/bootstrap.h"

namespace dormouse::stats {

/// Two-sided p of McNemar's exact test (a sign test on the pairs that changed): `gained` pairs went 0 -> 1,
/// `lost` pairs 1 -> 0. No changed pair gives 1.
double mcnemar_exact(int64_t gained, int64_t lost);

/// Mean of after - before, with the bootstrap interval over pairs. Equal lengths, one entry a prompt.
Estimate paired_difference(std::span<const double> before, std::span<const double> after, RandomStream stream,
                           const BootstrapOptions& options = {});

}  // namespace dormouse::stats
