// How well a score separates two groups: the area under the ROC curve, and the hits at a fixed rate of false
// alarms.
#pragma once

#include <span>

#include "core/base/random.h"
#include "core/stats/bootstrap.h"

namespace dormouse::stats {

/// P(positive > negative) + P(equal) / 2, by ranks. NaN when either group is empty.
double auroc(std::span<const double> positives, std::span<const double> negatives);

/// The same with an interval: positives and negatives are resampled apart. n counts both.
Estimate auroc_interval(std::span<const double> positives, std::span<const double> negatives, RandomStream stream,
                        const BootstrapOptions& options = {});

/// Share of positives above the lowest threshold at which at most `rate` of the negatives are above it
/// ("above" is strict, so ties with a negative count as misses). NaN when either group is empty.
double hits_at_false_alarms(std::span<const double> positives, std::span<const double> negatives, double rate);

}  // namespace dormouse::stats
