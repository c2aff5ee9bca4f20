#include "core/stats/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <map>
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

namespace {

/// Draws indices of a resample.
using Draw = std::function<void(std::span<std::size_t> picked, RandomStream& stream)>;

Estimate bootstrap_by(std::size_t n, const Statistic& statistic, const Draw& draw, RandomStream stream,
                      const BootstrapOptions& options) {
  DORMOUSE_ASSERT(options.resamples >= 1);
  if (n == 0) return {};
  std::vector<std::size_t> picked(n);
  std::iota(picked.begin(), picked.end(), 0);
  Estimate estimate{.value = statistic(picked), .low = 0, .high = 0, .n = static_cast<int64_t>(n)};

  std::vector<double> resampled;
  resampled.reserve(static_cast<std::size_t>(options.resamples));
  for (int64_t i = 0; i < options.resamples; ++i) {
    draw(picked, stream);
    resampled.push_back(statistic(picked));
  }
  std::sort(resampled.begin(), resampled.end());
  const double tail = (1 - options.confidence) / 2;
  estimate.low = quantile(resampled, tail);
  estimate.high = quantile(resampled, 1 - tail);
  return estimate;
}

Statistic mean_of(std::span<const double> values) {
  return [values](std::span<const std::size_t> picked) {
    double sum = 0;
    for (const std::size_t index : picked) sum += values[index];
    return sum / static_cast<double>(picked.size());
  };
}

}  // namespace

Estimate bootstrap(std::size_t n, const Statistic& statistic, RandomStream stream, const BootstrapOptions& options) {
  const auto draw = [n](std::span<std::size_t> picked, RandomStream& from) {
    for (auto& index : picked) index = static_cast<std::size_t>(from.below(n));
  };
  return bootstrap_by(n, statistic, draw, stream, options);
}

Estimate bootstrap_mean(std::span<const double> values, RandomStream stream, const BootstrapOptions& options) {
  return bootstrap(values.size(), mean_of(values), stream, options);
}

Estimate bootstrap_stratified_mean(std::span<const double> values, std::span<const std::string> strata,
                                   RandomStream stream, const BootstrapOptions& options) {
  DORMOUSE_ASSERT(values.size() == strata.size());
  std::map<std::string, std::vector<std::size_t>> members;
  for (std::size_t i = 0; i < strata.size(); ++i) members[strata[i]].push_back(i);
  const bool any_single =
      std::any_of(members.begin(), members.end(), [](const auto& one) { return one.second.size() == 1; });
  if (any_single) return bootstrap_mean(values, stream, options);
  const auto draw = [&members, &strata](std::span<std::size_t> picked, RandomStream& from) {
    for (std::size_t i = 0; i < picked.size(); ++i) {
      const auto& own = members.at(strata[i]);
      picked[i] = own[static_cast<std::size_t>(from.below(own.size()))];
    }
  };
  return bootstrap_by(values.size(), mean_of(values), draw, stream, options);
}

Estimate bootstrap_grade(std::span<const double> grades, RandomStream stream, const BootstrapOptions& options) {
  const bool all_equal = std::adjacent_find(grades.begin(), grades.end(), std::not_equal_to<>()) == grades.end();
  if (!all_equal) return bootstrap_mean(grades, stream, options);
  const double sum = std::accumulate(grades.begin(), grades.end(), 0.0);
  return bounded_mean(sum, static_cast<int64_t>(grades.size()), options.confidence);
}

}  // namespace dormouse::stats
