// What every statistic returns: a value, its interval, and how many units it was computed from.
#pragma once

#include <algorithm>
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

/// The first, with an interval that reaches as far as both.
inline Estimate wider(Estimate one, const Estimate& other) {
  one.low = std::min(one.low, other.low);
  one.high = std::max(one.high, other.high);
  return one;
}

}  // namespace dormouse::stats
