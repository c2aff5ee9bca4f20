#include "core/stats/clusters.h"

#include <algorithm>
#include <vector>

#include "core/base/error.h"
#include "core/stats/proportion.h"

namespace dormouse::stats {

Estimate clustered_rate(std::span<const Cluster> clusters, RandomStream stream, const BootstrapOptions& options) {
  std::vector<Cluster> used;
  for (const Cluster& cluster : clusters) {
    DORMOUSE_ASSERT(0 <= cluster.hits && cluster.hits <= cluster.n);
    if (cluster.n > 0) used.push_back(cluster);
  }
  const auto count = static_cast<int64_t>(used.size());
  const auto rate = [](const Cluster& cluster) { return cluster.hits / static_cast<double>(cluster.n); };
  const auto differ = [&](const Cluster& a, const Cluster& b) { return rate(a) != rate(b); };
  if (std::adjacent_find(used.begin(), used.end(), differ) == used.end()) {
    const double shared = used.empty() ? 0 : rate(used[0]);
    return bounded_mean(shared * static_cast<double>(count), count, options.confidence);
  }
  const auto rate_of = [&](std::span<const std::size_t> picked) {
    Cluster all;
    for (const std::size_t index : picked) {
      all.hits += used[index].hits;
      all.n += used[index].n;
    }
    return rate(all);
  };
  return bootstrap(used.size(), rate_of, stream, options);
}

}  // namespace dormouse::stats
