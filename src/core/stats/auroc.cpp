#include "core/stats/auroc.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/base/error.h"

namespace dormouse::stats {

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

}  // namespace

double auroc(std::span<const double> positives, std::span<const double> negatives) {
  if (positives.empty() || negatives.empty()) return kNone;
  std::vector<double> sorted(negatives.begin(), negatives.end());
  std::sort(sorted.begin(), sorted.end());
  double wins = 0;
  for (const double score : positives) {
    const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), score);
    wins += static_cast<double>(first - sorted.begin()) + static_cast<double>(last - first) / 2;
  }
  return wins / (static_cast<double>(positives.size()) * static_cast<double>(negatives.size()));
}

Estimate auroc_interval(std::span<const double> positives, std::span<const double> negatives, RandomStream stream,
                        const BootstrapOptions& options) {
  if (positives.empty() || negatives.empty()) return {};
  std::vector<double> resampled;
  std::vector<double> some_positives(positives.size()), some_negatives(negatives.size());
  for (int64_t i = 0; i < options.resamples; ++i) {
    for (auto& score : some_positives) score = positives[stream.below(positives.size())];
    for (auto& score : some_negatives) score = negatives[stream.below(negatives.size())];
    resampled.push_back(auroc(some_positives, some_negatives));
  }
  std::sort(resampled.begin(), resampled.end());
  const double tail = (1 - options.confidence) / 2;
  return {.value = auroc(positives, negatives),
          .low = quantile(resampled, tail),
          .high = quantile(resampled, 1 - tail),
          .n = static_cast<int64_t>(positives.size() + negatives.size())};
}

double hits_at_false_alarms(std::span<const double> positives, std::span<const double> negatives, double rate) {
  DORMOUSE_ASSERT(rate >= 0 && rate <= 1);
  if (positives.empty() || negatives.empty()) return kNone;
  std::vector<double> sorted(negatives.begin(), negatives.end());
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  // A hair added: 0.01 x 300 is 2.9999999999999996 in binary, and three alarms are allowed.
  const auto allowed = static_cast<std::size_t>(std::floor(rate * static_cast<double>(sorted.size()) + 1e-9));
  const double threshold = allowed < sorted.size() ? sorted[allowed] : -std::numeric_limits<double>::infinity();
  const auto hits = std::count_if(positives.begin(), positives.end(), [&](double score) { return score > threshold; });
  return static_cast<double>(hits) / static_cast<double>(positives.size());
}

}  // namespace dormouse::stats
