#include "core/stats/paired.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/base/error.h"

namespace dormouse::stats {

double mcnemar_exact(int64_t gained, int64_t lost) {
  DORMOUSE_ASSERT(gained >= 0 && lost >= 0);
  const int64_t changed = gained + lost;
  const int64_t rarer = std::min(gained, lost);
  // Each term in logarithms: the binomials overflow from about a thousand pairs on.
  const double n = static_cast<double>(changed);
  double tail = 0;
  for (int64_t k = 0; k <= rarer; ++k) {
    const double x = static_cast<double>(k);
    tail += std::exp(std::lgamma(n + 1) - std::lgamma(x + 1) - std::lgamma(n - x + 1) - n * std::log(2.0));
  }
  return std::min(1.0, 2 * tail);
}

Estimate paired_difference(std::span<const double> before, std::span<const double> after, RandomStream stream,
                           const BootstrapOptions& options) {
  DORMOUSE_ASSERT(before.size() == after.size());
  std::vector<double> differences(before.size());
  std::transform(after.begin(), after.end(), before.begin(), differences.begin(), std::minus<>());
  return bootstrap_mean(differences, stream, options);
}

}  // namespace dormouse::stats
