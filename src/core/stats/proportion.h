// Intervals of a proportion (Wilson 1927): right at 0 of n and n of n, where the textbook interval has no
// width.
#pragma once

#include <cstdint>

#include "core/stats/estimate.h"

namespace dormouse::stats {

/// The x with P(Z < x) = p for a standard normal Z; 0 < p < 1.
double normal_quantile(double p);

/// `hits` of `n` with the Wilson interval. n = 0 gives value NaN (not defined()) and the interval [0, 1].
Estimate proportion(int64_t hits, int64_t n, double confidence = kConfidence);

/// The same interval around a mean of n numbers in [0, 1] whose sum is `sum`. It is too wide rather than too
/// narrow: no such numbers spread more than zeros and ones of the same mean do.
Estimate bounded_mean(double sum, int64_t n, double confidence = kConfidence);

}  // namespace dormouse::stats
