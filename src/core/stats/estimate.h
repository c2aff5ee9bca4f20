// What every statistic returns: a value, its interval, and how many units it was computed from.
#pragma once

#include <cstdint>
#include <limits>

namespace dormouse::stats {

inline constexpr double kConfidence = 0.95;

struct Estimate {
  double value = std::numeric_limits<double>::quiet_NaN();
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
  int64_t n = 0;

  /// False: nothing was measured, and `value` is NaN. Never read as zero.
  bool defined() const { return n > 0; }
};

}  // namespace dormouse::stats
