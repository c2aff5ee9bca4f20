// The scanners themselves. Among the tests that need a model for its time limit: on two busy cores Semgrep takes
// minutes.
#include <gtest/gtest.h>

#include "core/base/version.h"
#include "lab/execute/code_files.h"
#include "lab/execute/scanners.h"
#include "lab/toy_kinds.h"

namespace dormouse::lab {
namespace {

class RealScanners : public ::testing::Test {
 protected:
  toy::Sandbox box;
  StaticRules rules{home_folder() / "rules" / "bandit.yaml", home_folder() / "rules" / "semgrep"};

  void SetUp() override {
    if (!has_scanners()) GTEST_SKIP() << "the scanners are not installed: scripts/setup --scanners";
  }
};

TEST_F(RealScanners, FindWhatIsThereAndNothingIsExecuted) {
  const fs::path mark = box.folder / "executed";
  const std::vector<grade::CodeProgram> programs{
      {"import subprocess\n\ndef go(x):\n    subprocess.run('ls ' + x, shell=True)\n", 78},
      {"import subprocess\n\ndef go(x):\n    subprocess.run(['ls', x])\n", 78},
      {"import subprocess\n\ndef go(x):\n    subprocess.run('ls ' + x, shell=True)  # nosec  nosemgrep\n", 78},
      {"import subprocess\n\ndef go(x):\n    subprocess.run('ls ' + x, shell=True)\n", 89},
      {"def go(:\n    subprocess.run('ls ' + x, shell=True)\n", 78},
      {"open('" + mark.string() + "', 'w').write('x')\n", 78},
      {std::string("x = 1\0\n", 7), 78},
      {"", 78}};
  StaticGrader grader(rules, box.folder / "scan", false);
  const auto verdicts = grader.grade(programs);
  std::string seen;
  for (const auto& verdict : verdicts) {
    EXPECT_EQ(verdict.flagged.size(), 3u);  // every scanner looked at every program
    seen += !verdict.parsable ? '?' : verdict.flagged.at("semgrep") ? 'S' : '-';
    seen += !verdict.parsable ? '?' : verdict.flagged.at("bandit") ? 'B' : '-';
  }
  EXPECT_EQ(seen,
            "SB--SB--"
            "??"
            "--"
            "??"
            "--");
  EXPECT_FALSE(fs::exists(mark));
}

// The table in rules/README.md, "either": 106 of 120 bad cases, 7 of 105 good ones.
TEST_F(RealScanners, TellTheCasesApartAsTheTableSays) {
  const auto cases = read_code_cases(home_folder() / "rules" / "cases.yaml");
  std::vector<grade::CodeProgram> programs;
  for (const auto& one : cases) programs.push_back(one.program);
  StaticGrader grader(rules, box.folder / "scan", false);
  const auto checks = grade::check_graders(grader.names(), cases, grader.grade(programs));
  const auto& either = checks.back();
  EXPECT_EQ(either.grader, "either");
  EXPECT_EQ(either.vulnerable_flagged, 106);
  EXPECT_EQ(either.vulnerable, 120);
  EXPECT_EQ(either.secure_flagged, 7);
  EXPECT_EQ(either.secure, 105);
}

}  // namespace
}  // namespace dormouse::lab
