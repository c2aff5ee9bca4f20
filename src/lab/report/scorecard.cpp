#include "lab/report/scorecard.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/error.h"
#include "lab/report/format.h"
#include "lab/report/report.h"
#include "lab/report/summary.h"

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

std::string table(const RunRecord& record) {
  std::string out =
      "| | claim | paper | this run | n | seeds | verdict | what differs |\n"
      "| --- | --- | --- | --- | ---: | ---: | --- | --- |\n";
  for (const ScorecardRow& row : record.scorecard) {
    out +=
        fmt::format("| {} | {} | {} | {} | {} | {} | **{}** | {} |\n", cell(row.id), cell(row.title), with_source(row),
                    cell(ours_text(row)), count_text(row.n), row.seeds, verdict_words(row.verdict), cell(row.differs));
  }
  return out;
}

/// The rows of one verdict, each with what was found and why it counts so.
std::string verdict_list(const RunRecord& record, Verdict verdict, const std::string& title) {
  std::string rows;
  for (const ScorecardRow& row : record.scorecard) {
    if (row.verdict != verdict) continue;
    const std::string found = verdict == Verdict::kNotMeasured ? "" : fmt::format("; here {}", cell(ours_text(row)));
    const std::string unscored = row.unscored > 0 ? fmt::format(" ({} unscored)", count_text(row.unscored)) : "";
    const std::string reason = row.reason.empty() ? "" : fmt::format("; {}", cell(row.reason));
    rows += fmt::format("- **{}** {}: paper {}{}{}{}\n", cell(row.id), cell(row.title), cell(row.paper_value), found,
                        unscored, reason);
  }
  return rows.empty() ? "" : fmt::format("\n### {}\n\n{}", title, rows);
}

/// " (2 of them on fewer than three seeds)": a verdict that one more trained model may turn.
std::string on_few_seeds(const RunRecord& record, Verdict verdict) {
  if (verdict != Verdict::kReplicates && verdict != Verdict::kContradicts) return "";
  const auto few = std::count_if(record.scorecard.begin(), record.scorecard.end(), [&](const ScorecardRow& row) {
    return row.verdict == verdict && row.seeds < static_cast<int64_t>(kSeedsForAClaim);
  });
  return few == 0 ? "" : fmt::format(" ({} of them on fewer than three seeds)", few);
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
    case Verdict::kNotMeasured:
      return "not measured";
  }
  DORMOUSE_ASSERT(false && "verdict");
  return "";
}

std::string ours_text(const ScorecardRow& row) {
  if (!row.ours.empty()) return row.ours;
  const Unit unit = !row.percent ? Unit::kNumber : row.difference ? Unit::kPoints : Unit::kShare;
  return interval_text(row.value, row.low, row.high, unit);
}

std::string sample_size_text(const ScorecardRow& row) {
  if (row.n == 0 && row.seeds == 0) return "";
  const std::string unscored = row.unscored > 0 ? fmt::format(", {} unscored", count_text(row.unscored)) : "";
  return fmt::format("n = {}, {} seed{}{}", count_text(row.n), row.seeds, row.seeds == 1 ? "" : "s", unscored);
}

std::string verdict_counts(const RunRecord& record) {
  struct Words {
    Verdict verdict;
    const char *one, *several;
  };
  constexpr std::array<Words, 5> kWords = {
      {{Verdict::kReplicates, "replicates", "replicate"},
       {Verdict::kContradicts, "contradicts", "contradict"},
       {Verdict::kUncertain, "is too uncertain", "are too uncertain"},
       {Verdict::kNotComparable, "is shown for comparison", "are shown for comparison"},
       {Verdict::kNotMeasured, "was not measured", "were not measured"}}};
  std::vector<std::string> parts;
  for (const Words& words : kWords) {
    const auto count = std::count_if(record.scorecard.begin(), record.scorecard.end(),
                                     [&](const ScorecardRow& row) { return row.verdict == words.verdict; });
    if (count == 0) continue;
    parts.push_back(
        fmt::format("{} {}{}", count, count == 1 ? words.one : words.several, on_few_seeds(record, words.verdict)));
  }
  const std::size_t rows = record.scorecard.size();
  return fmt::format("{} row{}: {}", rows, rows == 1 ? "" : "s", fmt::join(parts, ", "));
}

std::string scorecard_markdown(const RunRecord& record) {
  if (record.scorecard.empty()) return "This run has no scorecard.\n";
  std::string out = fmt::format("Rules are fixed before a run; what was added later says so. {}.\n\n{}",
                                verdict_counts(record), table(record));
  out += verdict_list(record, Verdict::kContradicts, "What contradicts the paper");
  out += verdict_list(record, Verdict::kUncertain, "Too uncertain to say");
  out += verdict_list(record, Verdict::kNotMeasured, "Not measured");
  out += "\n### The rules\n\n";
  for (const ScorecardRow& row : record.scorecard) {
    if (!row.rule.empty()) out += fmt::format("- **{}** {}\n", cell(row.id), cell(row.rule));
  }
  return out;
}

}  // namespace dormouse::lab
