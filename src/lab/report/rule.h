// One rule of a scorecard file, read and checked; rules.h has the format.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/files.h"
#include "lab/report/summary.h"

namespace dormouse::lab {

struct Range {
  double from = 0, to = 0;
  bool holds(double low, double high) const { return low >= from && high <= to; }
};

/// What must be measured to be so, or the row can show nothing: a quantity, or how far it is from its value at an
/// earlier step.
struct PositiveControl {
  Quantity quantity;
  std::optional<Quantity> minus;
  Range range;
};

struct Rule {
  std::string id, title, paper, source, differs, added;
  Quantity ours;
  std::optional<Quantity> minus;
  std::optional<Range> replicates;
  std::vector<Range> contradicts;  // at most two: a claim that nothing changes is contradicted on either side
  int64_t min_seeds = 1;
  bool percent = true;
  std::vector<PositiveControl> controls;  // at most two
};

/// In the order of the file. Throws kInput "FILE:LINE" for a malformed file, an id that stands twice, a range that is
/// empty or stands alone, one that contradicts and overlaps with the one that replicates, and a difference of something
/// with itself.
std::vector<Rule> read_rules(const fs::path& file);

}  // namespace dormouse::lab
