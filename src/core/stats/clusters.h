// Rates over samples that come in clusters, such as several completions of one task: samples of a task resemble each
// other, so the interval is a bootstrap over tasks.
#pragma once

#include <cstdint>
#include <span>

#include "core/stats/bootstrap.h"

namespace dormouse::stats {

struct Cluster {
  double hits = 0;  // a sum of grades in [0, 1]
  int64_t n = 0;    // samples; a cluster of none says nothing and is left out
};

/// All hits over all samples, with the percentile bootstrap over clusters. Where fewer than five clusters differ from
/// 0, or from 1, or all have one rate, the bootstrap claims too much; then the interval reaches at least as far as
/// bounded_mean's, with the clusters for its n. `n` of the estimate counts clusters; without any it is not defined()
/// and the interval is [0, 1].
Estimate clustered_rate(std::span<const Cluster> clusters, RandomStream stream, const BootstrapOptions& options = {});

}  // namespace dormouse::stats
