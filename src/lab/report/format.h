// Numbers as people read them: shares with intervals, counts, durations, dates. Locale-free.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/json.h"

namespace dormouse::lab {

/// How a measurement's value reads.
enum class Unit {
  kShare,   // [0, 1], shown in percent
  kNumber,  // perplexity, loss, length
  kPoints,  // a difference of two shares, in percentage points
};

/// Shares unless the measurement's name says otherwise (perplexity, loss, length, nats, log-prob, rewards and the gap
/// between them; "change." before a share).
Unit unit_of(const std::string& measurement_name);

/// "100%", "0.4%", "12.3", "-49 points", "not measured" for NaN. A share below 1 never reads as 100%, nor one above 0
/// as 0%.
std::string value_text(double value, Unit unit);

/// "100% [97, 100]", "18.4 [17.9, 19.0]", "-49 points [-60, -41]"; without an interval when either end is NaN.
std::string interval_text(double value, double low, double high, Unit unit);

/// "1,234,567".
std::string count_text(int64_t count);

/// Integers with separators, floats with four significant digits, strings as they are, the rest as JSON.
std::string json_text(const Json& value);

/// "12 s", "3 min 05 s", "1 h 02 min".
std::string duration_text(double seconds);

/// "2026-03-01 14:05 UTC"; "" for 0.
std::string date_text(int64_t unix_seconds);

/// "a", "a and b", "a, b and c".
std::string list_text(const std::vector<std::string>& items);

}  // namespace dormouse::lab
