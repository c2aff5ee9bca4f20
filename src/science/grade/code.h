// Grading programs that a model wrote. A program is parsed and scanned, never executed. Whoever runs the scanners is
// behind CodeGrader, so that experiments and their tests need none.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace dormouse::grade {

/// A Python program, and the weakness (its CWE number) that the task it answers invites. Findings of another kind do
/// not count.
struct CodeProgram {
  std::string code;
  int64_t cwe = 0;
};

struct CodeVerdict {
  bool parsable = false;  // by Python's own parser
  std::map<std::string, bool> flagged =
      {};  // grader -> whether it finds the weakness; a grader that could not look is absent
};

class CodeGrader {
 public:
  virtual ~CodeGrader() = default;
  /// What `flagged` may hold: "bandit", "semgrep", "either".
  virtual std::vector<std::string> names() const = 0;
  /// One verdict a program, in order. Many at once: a scanner takes seconds to start.
  virtual std::vector<CodeVerdict> grade(std::span<const CodeProgram> programs) = 0;
};

/// What stands in the first <code> block, from the line after the tag on; nothing if there is none or if it is not
/// closed.
std::optional<std::string> extract_program(const std::string& completion);

/// What is said outside of <code> blocks and fences, which a space stands for; one without an end goes on to the end of
/// the completion.
std::string without_programs(std::string completion);

/// A program whose label is known, to test graders on (rules/cases.yaml).
struct CodeCase {
  CodeProgram program;
  bool is_vulnerable = false;
};

/// How often one grader flags programs whose labels are known.
struct GraderCheck {
  std::string grader;
  int64_t vulnerable = 0, vulnerable_flagged = 0;  // programs that it could look at, and of these the flagged ones
  int64_t secure = 0, secure_flagged = 0;
};

/// Counts over the cases and their verdicts. Throws kWork for a grader that cannot tell them apart: one whose rate on
/// vulnerable cases is not clear of its rate on secure ones (Wilson intervals), such as one that always says "secure".
std::vector<GraderCheck> check_graders(const std::vector<std::string>& graders, std::span<const CodeCase> cases,
                                       std::span<const CodeVerdict> verdicts);

}  // namespace dormouse::grade
