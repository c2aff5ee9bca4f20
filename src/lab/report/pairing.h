// How two measurements of one seed go together, prompt by prompt, as the transcripts show it.
#pragma once

#include <cstdint>

#include "lab/report/summary.h"

namespace dormouse::lab {

/// Pearson's correlation of two quantities over the prompts that they share, shrunk as in Newcombe (1998), method 10,
/// so that prompts which never disagree do not give an interval without width. 0, which is the wider interval, where
/// the final models' transcripts do not reproduce both values, where the prompts are not the same, or where a side does
/// not vary.
double paired_correlation(const RunRecord& record, const Quantity& a, const Quantity& b, int64_t seed);

}  // namespace dormouse::lab
