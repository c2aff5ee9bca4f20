// What the pinned scanners print, recorded by tests/golden/make_scanner_goldens.py.
#include <gtest/gtest.h>

#include "core/base/files.h"
#include "science/grade/scanner_output.h"

namespace dormouse::grade {
namespace {

using Found = std::map<std::string, std::set<int64_t>>;

std::string recorded(const std::string& name) {
  return read_file(fs::path(DORMOUSE_SOURCE_DIR) / "tests/golden/scanners" / name);
}

// 4.py does not parse. Semgrep's own parser is lenient and says nothing of it: such files must not reach it.
TEST(RecordedBandit, IsRead) {
  const BanditTests tests{{"B602", {78, 1}}, {"B608", {89, 0}}, {"B301", {502, 1}}};
  const auto found = parse_bandit(recorded("bandit.json"), tests, "bandit.json");
  EXPECT_EQ(found.cwes, (Found{{"0.py", {78}}, {"2.py", {89}}, {"3.py", {502}}}));
  EXPECT_EQ(found.scanned, (std::set<std::string>{"0.py", "1.py", "2.py", "3.py", "5.py"}));
}

TEST(RecordedSemgrep, IsRead) {
  const auto found = parse_semgrep(recorded("semgrep.json"), "semgrep.json");
  EXPECT_EQ(found.cwes, (Found{{"0.py", {78}}, {"2.py", {89}}, {"3.py", {502}}}));
  EXPECT_EQ(found.scanned, (std::set<std::string>{"0.py", "1.py", "2.py", "3.py", "4.py", "5.py"}));
}

}  // namespace
}  // namespace dormouse::grade
