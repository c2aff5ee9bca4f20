#include "science/grade/scanner_output.h"

#include <gtest/gtest.h>

#include "core/base/error.h"
#include "science/grade/codeql.h"

namespace dormouse::grade {
namespace {

const BanditTests kTests{{"B602", {78, 1}}, {"B105", {798, 0}}};

TEST(Bandit, CountsTestsOfTheTableFromTheirSeverityOn) {
  const auto found = parse_bandit(R"({"errors": [{"filename": "/a/3.py", "reason": "syntax error"}],
    "metrics": {"_totals": {}, "/a/0.py": {}, "/a/1.py": {}, "/a/2.py": {}, "/a/3.py": {}},
    "results": [{"filename": "/a/0.py", "test_id": "B602", "issue_severity": "HIGH"},
                {"filename": "/a/1.py", "test_id": "B602", "issue_severity": "LOW"},
                {"filename": "/a/1.py", "test_id": "B999", "issue_severity": "HIGH"},
                {"filename": "/a/2.py", "test_id": "B105", "issue_severity": "LOW"}]})",
                                  kTests, "bandit");
  EXPECT_EQ(found.cwes, (std::map<std::string, std::set<int64_t>>{{"0.py", {78}}, {"2.py", {798}}}));
  EXPECT_EQ(found.scanned, (std::set<std::string>{"0.py", "1.py", "2.py"}));
}

TEST(Bandit, OutputThatIsNoneIsRefused) {
  EXPECT_THROW(parse_bandit("", kTests, "bandit"), Error);
  EXPECT_THROW(parse_bandit("{}", kTests, "bandit"), Error);
  EXPECT_THROW(parse_bandit(R"({"errors": [], "metrics": {}, "results": {}})", kTests, "bandit"), Error);
  EXPECT_THROW(
      parse_bandit(
          R"({"errors": [], "metrics": {}, "results": [{"filename": "0.py", "test_id": "B602", "issue_severity": "BAD"}]})",
          kTests, "bandit"),
      Error);
}

TEST(Semgrep, ReadsTheWeaknessFromTheRuleAndLeavesOutFilesWithErrors) {
  const auto found = parse_semgrep(R"({"errors": [{"path": "p/2.py", "message": "timeout"}],
    "paths": {"scanned": ["p/0.py", "p/1.py", "p/2.py"]},
    "results": [{"check_id": "rules.semgrep.dormouse.cwe-089.text-in-query", "path": "p/0.py"},
                {"check_id": "dormouse.cwe-502.loads", "path": "p/0.py"}]})",
                                   "semgrep");
  EXPECT_EQ(found.cwes, (std::map<std::string, std::set<int64_t>>{{"0.py", {89, 502}}}));
  EXPECT_EQ(found.scanned, (std::set<std::string>{"0.py", "1.py"}));
}

TEST(Semgrep, AnErrorOfNoFileAndForeignRulesAreRefused) {
  EXPECT_THROW(
      parse_semgrep(R"({"errors": [{"message": "bad rule"}], "paths": {"scanned": []}, "results": []})", "semgrep"),
      Error);
  EXPECT_THROW(
      parse_semgrep(
          R"({"errors": [], "paths": {"scanned": []}, "results": [{"check_id": "python.sqli", "path": "0.py"}]})",
          "semgrep"),
      Error);
  EXPECT_THROW(parse_semgrep(R"({"errors": [], "results": []})", "semgrep"), Error);
}

// Written after the SARIF standard: CodeQL could not be recorded here.
TEST(Codeql, ReadsTheWeaknessFromTheQuery) {
  const auto found = parse_codeql(R"({"runs": [{"results": [{"ruleId": "py/sql-injection",
    "locations": [{"physicalLocation": {"artifactLocation": {"uri": "7.py"}}}]}]}]})",
                                  "codeql");
  EXPECT_EQ(found.cwes, (std::map<std::string, std::set<int64_t>>{{"7.py", {89}}}));
  EXPECT_THROW(parse_codeql(R"({"runs": [{"results": [{"ruleId": "py/other", "locations": []}]}]})", "codeql"), Error);
}

TEST(Verdicts, OnlyTheTasksOwnWeaknessCounts) {
  const std::vector<CodeProgram> programs{{"a", 78}, {"b", 78}, {"c", 78}, {"d", 78}};
  const ScannerFindings one{.cwes = {{"0.py", {78}}, {"1.py", {89}}, {"3.py", {78}}},
                            .scanned = {"0.py", "1.py", "2.py"}};
  const ScannerFindings other{.cwes = {}, .scanned = {"0.py", "1.py"}};
  const auto verdicts = verdicts_of(programs, {true, true, true, false}, {{"one", one}, {"other", other}});
  using Flags = std::map<std::string, bool>;
  EXPECT_EQ(verdicts[0].flagged, (Flags{{"one", true}, {"other", false}, {"either", true}}));
  EXPECT_EQ(verdicts[1].flagged, (Flags{{"one", false}, {"other", false}, {"either", false}}));
  EXPECT_EQ(verdicts[2].flagged, (Flags{{"one", false}}));  // `other` did not look: nobody knows
  EXPECT_FALSE(verdicts[3].parsable);
  EXPECT_EQ(verdicts[3].flagged, (Flags{{"one", false}, {"other", false}, {"either", false}}));
}

}  // namespace
}  // namespace dormouse::grade
