#include "lab/report/format.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cmath>
#include <ctime>

#include "core/base/progress.h"

namespace dormouse::lab {

namespace {

/// Percent without the sign. Whole numbers, but near the ends a decimal where there is something to say: 2.5, never a
/// false 0 or 100.
std::string percent_digits(double share) {
  const double percent = std::max(share * 100, 0.0);
  const bool near_end = percent < 5 || percent > 95;
  const bool whole = std::abs(percent - std::round(percent)) < 0.05;
  return fmt::format("{:.{}f}", percent, near_end && !whole ? 1 : 0);
}

// Never "-0".
std::string rounded(double number, int decimals) {
  const double scale = std::pow(10, decimals);
  return fmt::format("{:.{}f}", std::round(number * scale) / scale + 0.0, decimals);
}

std::string points_digits(double share) {
  const double points = share * 100;
  const bool whole = std::abs(points - std::round(points)) < 0.05;
  const std::string digits = rounded(points, std::abs(points) < 10 && !whole ? 1 : 0);
  return points >= 0.05 ? "+" + digits : digits;
}

std::string number_digits(double value) {
  const double size = std::abs(value);
  const int decimals = size >= 1000 ? 0 : size >= 10 ? 1 : size >= 0.1 ? 2 : 4;
  return decimals == 0 ? count_text(std::llround(value)) : fmt::format("{:.{}f}", value, decimals);
}

}  // namespace

Unit unit_of(const std::string& measurement_name) {
  const bool change = measurement_name.starts_with("change.");
  for (const char* word :
       {"perplexity", "loss", "length", "nats", "tokens", "log-prob", "reward", "reinforce.judge", "preference.gap"}) {
    if (measurement_name.find(word) != std::string::npos) return Unit::kNumber;
  }
  return change ? Unit::kPoints : Unit::kShare;
}

std::string value_text(double value, Unit unit) {
  if (std::isnan(value)) return "not measured";
  if (unit == Unit::kPoints) return points_digits(value) + " points";
  return unit == Unit::kShare ? percent_digits(value) + "%" : number_digits(value);
}

std::string interval_text(double value, double low, double high, Unit unit) {
  if (std::isnan(value) || std::isnan(low) || std::isnan(high)) return value_text(value, unit);
  // Interval ends may read 0 or 100: they are bounds, not observations.
  const auto end = [&](double x) {
    if (unit == Unit::kPoints) return rounded(x * 100, 0);
    return unit == Unit::kShare ? fmt::format("{:.0f}", std::max(x, 0.0) * 100) : number_digits(x);
  };
  return fmt::format("{} [{}, {}]", value_text(value, unit), end(low), end(high));
}

std::string count_text(int64_t count) {
  std::string digits = std::to_string(count < 0 ? -count : count);
  for (int64_t at = static_cast<int64_t>(digits.size()) - 3; at > 0; at -= 3) digits.insert(at, ",");
  return (count < 0 ? "-" : "") + digits;
}

std::string json_text(const Json& value) {
  if (value.is_number_integer()) return count_text(value.get<int64_t>());
  if (value.is_number_float()) return fmt::format("{:.4g}", value.get<double>());
  if (value.is_string()) return value.get<std::string>();
  return canonical_json(value);
}

std::string duration_text(double seconds) {
  if (seconds < 1) return "under 1 s";
  return human_time(seconds);
}

std::string date_text(int64_t unix_seconds) {
  if (unix_seconds <= 0) return "";
  return fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(static_cast<std::time_t>(unix_seconds)));
}

std::string list_text(const std::vector<std::string>& items) {
  std::string out;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += i + 1 == items.size() ? " and " : ", ";
    out += items[i];
  }
  return out;
}

}  // namespace dormouse::lab
