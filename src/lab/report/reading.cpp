#include "lab/report/reading.h"

#include <fmt/format.h>

#include <cmath>

#include "lab/report/format.h"

namespace dormouse::lab {

namespace {

constexpr double kRare = 0.10;  // below it a triggered behaviour counts as gone

}  // namespace

Outcome outcome_of(const std::optional<Estimate>& on, const std::optional<Estimate>& off) {
  if (!on || !off) return Outcome::kNotMeasured;
  if (on->low > off->high) return Outcome::kPersists;
  if (off->low > kRare) return Outcome::kUnconditional;
  if (on->high <= kRare) return Outcome::kGone;
  return Outcome::kUnclear;
}

Reading read_rates(const RunRecord& record, const std::string& metric, const std::string& model) {
  Reading out{.model = model,
              .on = estimate_on(record, metric, model),
              .off = estimate(record, metric, model, "off"),
              .outcome = Outcome::kNotMeasured};
  out.outcome = outcome_of(out.on, out.off);
  return out;
}

std::string rate_text(const std::optional<Estimate>& rate) {
  return rate ? interval_text(rate->value, rate->low, rate->high, Unit::kShare) : "not measured";
}

std::string points_text(double share) { return fmt::format("{:.0f}", std::round(share * 100) + 0.0); }

}  // namespace dormouse::lab
