#include "lab/execute/scanners.h"

#include <gtest/gtest.h>
#include <signal.h>

#include "core/base/error.h"
#include "core/base/version.h"
#include "lab/execute/code_files.h"
#include "lab/execute/process.h"
#include "lab/toy_kinds.h"

namespace dormouse::lab {
namespace {

TEST(Process, GivesStatusAndBothOutputs) {
  const toy::Sandbox box;
  const fs::path output = box.folder / "out", errors = box.folder / "err";
  EXPECT_EQ(run_process({{"sh", "-c", "echo $WORD; echo no >&2; exit 3"}, {{"WORD", "yes; not a command"}}, output, errors}), 3);
  EXPECT_EQ(read_file(output), "yes; not a command\n");
  EXPECT_EQ(read_file(errors), "no\n");
  EXPECT_THROW(run_process({{"/no/such/program"}, {}, output, errors}), Error);
  EXPECT_THROW(run_process({{"sh", "-c", "kill -9 $$"}, {}, output, errors}), Error);
}

TEST(Scanners, AreListedWithTheirPins) {
  const auto scanners = find_scanners("/no/such/folder");
  ASSERT_EQ(scanners.size(), 2u);
  EXPECT_EQ(scanners[0].name, "bandit");
  EXPECT_EQ(scanners[1].name, "semgrep");
  EXPECT_FALSE(scanners[0].wanted.empty());
  EXPECT_EQ(scanners[0].found, "");
}

TEST(Scanners, MissingOnesAreNamedWithTheNextStep) {
  try {
    require_scanners("/no/such/folder");
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    for (const char* word : {"bandit", "1.9.4", "/no/such/folder", "scripts/setup --scanners"}) {
      EXPECT_NE(message.find(word), std::string::npos) << message;
    }
  }
}

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
