#include "lab/report/scorecard.h"

#include <fmt/format.h>

#include <cmath>

#include "core/base/error.h"
#include "lab/report/format.h"
#include "lab/report/report.h"

namespace dormouse::lab {

namespace {

/// One line, with the characters that would end a cell or start a tag made harmless.
std::string cell(const std::string& any) {
  std::string out;
  for (const char c : any) {
    const bool link = c == '(' && out.ends_with(']');
    if (link || c == '|' || c == '<' || c == '`' || c == '\\') out += '\\';
    out += c == '\n' || c == '\r' ? ' ' : c;
  }
  return out;
}

std::string with_source(const ScorecardRow& row) {
  return row.paper_source.empty() ? cell(row.paper_value)
                                  : fmt::format("{} ({})", cell(row.paper_value), cell(row.paper_source));
}

}  // namespace

std::string verdict_words(Verdict verdict) {
  switch (verdict) {
    case Verdict::kReplicates:
      return "replicates";
    case Verdict::kContradicts:
      return "contradicts";
    case Verdict::kUncertain:
      return "too uncertain";
    case Verdict::kNotComparable:
      return "not comparable";
  }
  DORMOUSE_ASSERT(false && "verdict");
  return "";
}

std::string ours_text(const ScorecardRow& row) {
  if (!row.ours.empty()) return row.ours;
  return interval_text(row.value, row.low, row.high, row.percent ? Unit::kShare : Unit::kNumber);
}

std::string sample_size_text(const ScorecardRow& row) {
  if (row.n == 0 && row.seeds == 0) return "";
  return fmt::format("n = {}, {} seed{}", count_text(row.n), row.seeds, row.seeds == 1 ? "" : "s");
}

std::string scorecard_markdown(const RunRecord& record) {
  if (record.scorecard.empty()) return "This run has no scorecard.\n";
  std::string out =
      "| | claim | paper | this run | n | seeds | verdict |\n"
      "| --- | --- | --- | --- | ---: | ---: | --- |\n";
  for (const ScorecardRow& row : record.scorecard) {
    out += fmt::format("| {} | {} | {} | {} | {} | {} | **{}** |\n", cell(row.id), cell(row.title),
                       with_source(row), cell(ours_text(row)), count_text(row.n), row.seeds,
                       verdict_words(row.verdict));
  }
  std::string below;
  for (const ScorecardRow& row : record.scorecard) {
    if (!row.rule.empty()) below += fmt::format("- **{}** rule: {}\n", cell(row.id), cell(row.rule));
    if (!row.differs.empty())
      below += fmt::format("- **{}** set-up differs: {}\n", cell(row.id), cell(row.differs));
  }
  if (!below.empty()) out += "\nThe rules were fixed before the run.\n\n" + below;
  return out;
}

}  // namespace dormouse::lab
