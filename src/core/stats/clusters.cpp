#include "core/stats/clusters.h"

#include <algorithm>
#include <vector>

#include "core/base/error.h"
#include "core/stats/proportion.h"

namespace dormouse::stats {

namespace {

double rate(const Cluster& cluster) { return cluster.hits / static_cast<double>(cluster.n); }

// Resampling few clusters that differ from the bound finds that bound far too often.
bool hugs_a_bound(std::span<const Cluster> clusters) {
  constexpr std::ptrdiff_t kFew = 5;
  const auto above = [](const Cluster& cluster) { return rate(cluster) > 0; };
  const auto below = [](const Cluster& cluster) { return rate(cluster) < 1; };
  return std::count_if(clusters.begin(), clusters.end(), above) < kFew ||
         std::count_if(clusters.begin(), clusters.end(), below) < kFew;
}

}  // namespace

Estimate clustered_rate(std::span<const Cluster> clusters, RandomStream stream, const BootstrapOptions& options) {
  std::vector<Cluster> used;
  for (const Cluster& cluster : clusters) {
    DORMOUSE_ASSERT(0 <= cluster.hits && cluster.hits <= cluster.n);
    if (cluster.n > 0) used.push_back(cluster);
  }
  double rates = 0;
  for (const Cluster& cluster : used) rates += rate(cluster);
  const Estimate widest = bounded_mean(rates, static_cast<int64_t>(used.size()), options.confidence);
  const auto differ = [](const Cluster& a, const Cluster& b) { return rate(a) != rate(b); };
  if (std::adjacent_find(used.begin(), used.end(), differ) == used.end()) return widest;
  const auto rate_of = [&](std::span<const std::size_t> picked) {
    Cluster all;
    for (const std::size_t index : picked) {
      all.hits += used[index].hits;
      all.n += used[index].n;
    }
    return rate(all);
  };
  const Estimate resampled = bootstrap(used.size(), rate_of, stream, options);
  return hugs_a_bound(used) ? wider(resampled, widest) : resampled;
}

}  // namespace dormouse::stats
