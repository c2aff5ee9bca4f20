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
  const auto same_rate = [](const Cluster& a, const Cluster& b) { return a.hits * b.n == b.hits * a.n; };
  const auto differs = [&](const Cluster& a, const Cluster& b) { return !same_rate(a, b); };
  if (std::adjacent_find(used.begin(), used.end(), differs) == used.end()) {
    const double rate = used.empty() ? 0 : static_cast<double>(used[0].hits) / static_cast<double>(used[0].n);
    return bounded_mean(rate * static_cast<double>(count), count, options.confidence);
  }
  const auto rate_of = [&](std::span<const std::size_t> picked) {
    int64_t hits = 0, n = 0;
    for (const std::size_t index : picked) {
      hits += used[index].hits;
      n += used[index].n;
    }
    return static_cast<double>(hits) / static_cast<double>(n);
  };
  return bootstrap(used.size(), rate_of, stream, options);
}

}  // namespace dormouse::stats
