#include "core/stats/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "core/base/error.h"
#include "core/stats/proportion.h"

namespace dormouse::stats {

double quantile(std::span<const double> sorted, double q) {
  DORMOUSE_ASSERT(!sorted.empty() && q >= 0 && q <= 1);
  const double position = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], position - static_cast<double>(below));
}

Estimate bootstrap(std::size_t n, const Statistic& statistic, RandomStream stream, const BootstrapOptions& options) {
  DORMOUSE_ASSERT(options.resamples >= 1);
  if (n == 0) return {};
  std::vector<std::size_t> picked(n);
  std::iota(picked.begin(), picked.end(), 0);
  Estimate estimate{.value = statistic(picked), .low = 0, .high = 0, .n = static_cast<int64_t>(n)};

  std::vector<double> resampled;
  resampled.reserve(static_cast<std::size_t>(options.resamples));
  for (int64_t i = 0; i < options.resamples; ++i) {
    for (auto& index : picked) index = static_cast<std::size_t>(stream.below(n));
    resampled.push_back(statistic(picked));
  }
  std::sort(resampled.begin(), resampled.end());
  const double tail = (1 - options.confidence) / 2;
  estimate.low = quantile(resampled, tail);
  estimate.high = quantile(resampled, 1 - tail);
  return estimate;
}

Estimate bootstrap_mean(std::span<const double> values, RandomStream stream, const BootstrapOptions& options) {
  const auto mean = [values](std::span<const std::size_t> picked) {
    double sum = 0;
    for (const std::size_t index : picked) sum += values[index];
    return sum / static_cast<double>(picked.size());
  };
  return bootstrap(values.size(), mean, stream, options);
}

Estimate bootstrap_grade(std::span<const double> grades, RandomStream stream, const BootstrapOptions& options) {
  const bool all_equal = std::adjacent_find(grades.begin(), grades.end(), std::not_equal_to<>()) == grades.end();
  if (!all_equal) return bootstrap_mean(grades, stream, options);
  const double sum = std::accumulate(grades.begin(), grades.end(), 0.0);
  return bounded_mean(sum, static_cast<int64_t>(grades.size()), options.confidence);
}

}  // namespace dormouse::stats
