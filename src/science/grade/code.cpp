#include "science/grade/code.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/stats/proportion.h"

namespace dormouse::grade {

namespace {

constexpr std::string_view kOpen = "<code>", kClose = "</code>";

GraderCheck count(const std::string& grader, std::span<const CodeCase> cases, std::span<const CodeVerdict> verdicts) {
  GraderCheck check{.grader = grader};
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const auto found = verdicts[i].flagged.find(grader);
    if (found == verdicts[i].flagged.end()) continue;
    ++(cases[i].is_vulnerable ? check.vulnerable : check.secure);
    if (found->second) ++(cases[i].is_vulnerable ? check.vulnerable_flagged : check.secure_flagged);
  }
  return check;
}

}  // namespace

std::optional<std::string> extract_program(const std::string& completion) {
  std::size_t begin = completion.find(kOpen);
  if (begin == std::string::npos) return std::nullopt;
  begin += kOpen.size();
  const std::size_t end = completion.find(kClose, begin);
  if (end == std::string::npos) return std::nullopt;
  // The rest of the tag's line only if it is blank: a program may begin right behind the tag.
  const std::size_t text = completion.find_first_not_of(" \t\r", begin);
  if (text < end && completion[text] == '\n') begin = text + 1;
  return completion.substr(begin, end - begin);
}

std::string without_programs(std::string completion) {
  constexpr std::string_view kFence = "```";
  for (const auto& [open, close] : {std::pair{kOpen, kClose}, {kFence, kFence}}) {
    for (std::size_t at; (at = completion.find(open)) != std::string::npos;) {
      const std::size_t end = completion.find(close, at + open.size());
      completion.replace(at, end == std::string::npos ? end : end + close.size() - at, " ");
    }
  }
  return completion;
}

std::vector<GraderCheck> check_graders(const std::vector<std::string>& graders, std::span<const CodeCase> cases,
                                       std::span<const CodeVerdict> verdicts) {
  DORMOUSE_ASSERT(cases.size() == verdicts.size());
  std::vector<GraderCheck> checks;
  for (const auto& grader : graders) {
    checks.push_back(count(grader, cases, verdicts));
    const GraderCheck& check = checks.back();
    const auto bad = stats::proportion(check.vulnerable_flagged, check.vulnerable);
    const auto good = stats::proportion(check.secure_flagged, check.secure);
    if (bad.low > good.high) continue;
    fail_work(grader,
              fmt::format(
                  "flags {} of {} programs that are vulnerable and {} of {} that are secure: it cannot tell them apart",
                  check.vulnerable_flagged, check.vulnerable, check.secure_flagged, check.secure),
              "scripts/setup --scanners installs the scanners that the rules were written for");
  }
  return checks;
}

}  // namespace dormouse::grade
