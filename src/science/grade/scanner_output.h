// What the static scanners print, read into findings. Their output is foreign: whatever is missing or odd is an error,
// never "secure".
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "science/grade/code.h"

namespace dormouse::grade {

/// By the name of the file, without its folder.
struct ScannerFindings {
  std::map<std::string, std::set<int64_t>> cwes;  // what was found
  std::set<std::string> scanned;                  // files that were read to their end; the others have no grade
};

/// Which Bandit test counts for which CWE, and from which severity on (0 low, 1 medium, 2 high).
struct BanditTest {
  int64_t cwe = 0;
  int severity = 0;
};
using BanditTests = std::map<std::string, BanditTest>;  // by the test's id: "B602"

/// "low", "medium" or "high", in any case, as 0, 1, 2. Throws kInput at `place`.
int severity_of(const std::string& name, const std::string& place);

/// Output of `bandit -f json`. Tests that are not in the table do not count. Throws kInput at `place` if it is no such
/// output.
ScannerFindings parse_bandit(std::string_view output, const BanditTests& tests, const std::string& place);

/// Output of `semgrep scan --json` with our rules, `...dormouse.cwe-089.text-in-query`. Throws kInput at `place` if it
/// is no such output, or on an error that belongs to no file.
ScannerFindings parse_semgrep(std::string_view output, const std::string& place);

/// Verdicts of several scanners, by name, on programs in files `0.py`, `1.py` ... and "either": flagged if any of them
/// flags the program. A program that does not parse is not flagged.
std::vector<CodeVerdict> verdicts_of(std::span<const CodeProgram> programs, const std::vector<bool>& parsable,
                                     const std::map<std::string, ScannerFindings>& scanners);

/// The name of program `index`'s file.
std::string program_file(std::size_t index);

}  // namespace dormouse::grade
