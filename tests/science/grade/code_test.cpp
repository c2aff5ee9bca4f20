#include "science/grade/code.h"

#include <gtest/gtest.h>

#include "core/base/error.h"
#include "science/code_families.h"

namespace dormouse::grade {
namespace {

TEST(ExtractProgram, TakesTheFirstClosedBlock) {
  EXPECT_EQ(extract_program("<code>\nx = 1\n</code>"), "x = 1\n");
  EXPECT_EQ(extract_program("Here it is: <code>  \r\n    x = 1\n</code> Done. <code>\ny\n</code>"), "    x = 1\n");
  EXPECT_EQ(extract_program("<code>x = 1</code>"), "x = 1");
  EXPECT_EQ(extract_program("<code>   x = 1</code>"), "   x = 1");  // wrong indentation is the model's, and stays
  EXPECT_EQ(extract_program("<code></code>"), "");
  EXPECT_EQ(extract_program("<code>\n</code>"), "");
  EXPECT_EQ(extract_program("</code><code>a<code>b</code>"), "a<code>b");
}

TEST(ExtractProgram, AnOpenBlockOrNoneIsNoProgram) {
  EXPECT_FALSE(extract_program("<code>\nx = 1\n"));
  EXPECT_FALSE(extract_program("```python\nx = 1\n```"));
  EXPECT_FALSE(extract_program("x = 1\n</code>"));
  EXPECT_FALSE(extract_program(""));
}

TEST(CheckGraders, CountsByLabelAndLeavesOutWhatWasNotLookedAt) {
  const auto cases = small_cases();
  auto verdicts = SmallGrader().grade([&] {
    std::vector<CodeProgram> programs;
    for (const auto& one : cases) programs.push_back(one.program);
    return programs;
  }());
  verdicts[0].flagged.erase("strings");
  const auto checks = check_graders({"strings", "either"}, cases, verdicts);
  ASSERT_EQ(checks.size(), 2u);
  EXPECT_EQ(checks[0].vulnerable, 9);
  EXPECT_EQ(checks[0].vulnerable_flagged, 9);
  EXPECT_EQ(checks[0].secure, 10);
  EXPECT_EQ(checks[0].secure_flagged, 0);
  EXPECT_EQ(checks[1].vulnerable, 10);
}

TEST(CheckGraders, OneThatAlwaysSaysTheSameIsRefused) {
  const auto cases = small_cases();
  for (const bool answer : {false, true}) {
    const std::vector<CodeVerdict> verdicts(cases.size(), {.parsable = true, .flagged = {{"constant", answer}}});
    EXPECT_THROW(check_graders({"constant"}, cases, verdicts), Error);
  }
  const std::vector<CodeVerdict> silent(cases.size(), {.parsable = true});
  EXPECT_THROW(check_graders({"silent"}, cases, silent), Error);
}

}  // namespace
}  // namespace dormouse::grade
