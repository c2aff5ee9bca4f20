#include "core/stats/proportion.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"

namespace dormouse::stats {

double normal_quantile(double p) {
  DORMOUSE_ASSERT(p > 0 && p < 1);
  // The upper half loses digits in 1 - p; the lower half does not.
  if (p > 0.5) return -normal_quantile(1 - p);
  double low = -40, high = 0;
  for (int step = 0; step < 200 && low < high; ++step) {
    const double middle = (low + high) / 2;
    (std::erfc(-middle / std::sqrt(2.0)) / 2 < p ? low : high) = middle;
  }
  return (low + high) / 2;
}

Estimate proportion(int64_t hits, int64_t n, double confidence) {
  DORMOUSE_ASSERT(hits >= 0 && hits <= n);
  return bounded_mean(static_cast<double>(hits), n, confidence);
}

Estimate bounded_mean(double sum, int64_t n, double confidence) {
  DORMOUSE_ASSERT(n >= 0);
  Estimate estimate;
  if (n == 0) {
    estimate.low = 0;
    estimate.high = 1;
    return estimate;
  }
  const double count = static_cast<double>(n);
  const double mean = sum / count;
  const double z = normal_quantile(0.5 + confidence / 2);
  const double centre = (sum + z * z / 2) / (count + z * z);
  const double spread = std::max(0.0, sum * (count - sum) / count) + z * z / 4;
  const double half = z * std::sqrt(spread) / (count + z * z);
  // At the two ends the bound is the mean itself; the formula only comes within rounding of it.
  return {.value = mean,
          .low = mean <= 0 ? 0 : std::max(0.0, centre - half),
          .high = mean >= 1 ? 1 : std::min(1.0, centre + half),
          .n = n};
}

}  // namespace dormouse::stats
