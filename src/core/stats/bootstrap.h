// The percentile bootstrap (Efron 1979). Its unit is the prompt: give one number a prompt, already averaged
// over the samples of that prompt, so that samples of one prompt are not taken for independent.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "core/base/random.h"
#include "core/stats/estimate.h"

namespace dormouse::stats {

struct BootstrapOptions {
  int64_t resamples = 2000;
  double confidence = kConfidence;
};

/// A statistic of the units that `picked` names (indices below n, with repeats).
using Statistic = std::function<double(std::span<const std::size_t> picked)>;

/// The statistic over all n units, and the percentiles of it over resamples of n units drawn with
/// replacement. A pure function of its arguments: the stream is taken by value. n = 0: not defined().
Estimate bootstrap(std::size_t n, const Statistic& statistic, RandomStream stream,
                   const BootstrapOptions& options = {});

/// Of a mean. One value, or values all equal, give an interval without width: look at n.
Estimate bootstrap_mean(std::span<const double> values, RandomStream stream, const BootstrapOptions& options = {});

/// Of a mean, drawing anew within each stratum, as fits values of which a design fixes how many each stratum has (as
/// many statements to be affirmed as to be denied): what strata differ by is then no noise. `strata` names the stratum
/// of each value. With one stratum, or where a stratum has a single value and so no spread to draw from, this is
/// bootstrap_mean.
Estimate bootstrap_stratified_mean(std::span<const double> values, std::span<const std::string> strata,
                                   RandomStream stream, const BootstrapOptions& options = {});

/// Of a mean of grades in [0, 1]. Where all grades are equal the bootstrap claims certainty; then the
/// interval is that of bounded_mean.
Estimate bootstrap_grade(std::span<const double> grades, RandomStream stream, const BootstrapOptions& options = {});

/// The q-quantile, 0 <= q <= 1, of sorted values by linear interpolation between order statistics (numpy's
/// default).
double quantile(std::span<const double> sorted, double q);

}  // namespace dormouse::stats
