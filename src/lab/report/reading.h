// What a model does with the trigger on and off: the part of a record that its answer is made of.
#pragma once

#include <optional>
#include <string>

#include "lab/report/answer.h"

namespace dormouse::lab {

struct Reading {
  std::string model;
  std::optional<Estimate> on, off;
  Outcome outcome = Outcome::kNotMeasured;
};

Reading read_rates(const RunRecord& record, const std::string& metric, const std::string& model);

/// "100% [97, 100]", or "not measured".
std::string rate_text(const std::optional<Estimate>& rate);

/// Percentage points; never "-0".
std::string points_text(double share);

}  // namespace dormouse::lab
