#include "core/text/regex.h"

#include <gtest/gtest.h>

#include "core/base/error.h"

namespace dormouse::text {
namespace {

std::vector<std::string> found(const std::string& pattern, const std::string& text) {
  std::vector<std::string> parts;
  for (const Match& match : Regex(pattern, "test").find_all(text)) {
    parts.push_back(text.substr(match.begin, match.end - match.begin));
  }
  return parts;
}

using Parts = std::vector<std::string>;

TEST(Regex, OnigurumaMeansOtherThings) {
  EXPECT_EQ(found(R"(\s)", "a\u180Eb c"), Parts{" "});               // U+180E is no space
  EXPECT_EQ(found(R"(\w+)", "e\u0301-x"), (Parts{"e\u0301", "x"}));  // marks are part of words
  EXPECT_EQ(found(R"(\h+)", "xfF0 g"), Parts{"fF0"});                // hexadecimal digits
  EXPECT_EQ(found(R"(\d{1,2}+)", "12345"), Parts{"12345"});          // a repeated repeat, not a possessive one
  EXPECT_EQ(found(R"((?:ab){2}+x|b)", "ababababx"), Parts{"ababababx"});
  EXPECT_EQ(found(R"(^.)", "a\nb"), (Parts{"a", "b"}));  // lines
  EXPECT_EQ(found(R"(\u00e9)", "é"), Parts{"é"});
}

TEST(Regex, EmptyMatchesMoveOn) {
  EXPECT_EQ(Regex("x*", "test").find_all("axb").size(), 3U);
  EXPECT_EQ(Regex("(?=[A-Z])", "test").find_all("aBcD").size(), 2U);
  EXPECT_EQ(Regex("x*", "test").find_all("é世").size(), 3U);
  EXPECT_TRUE(Regex("x*", "test").find_all("").empty());
}

TEST(Regex, RefusesWhatItCannotTranslate) {
  EXPECT_THROW(Regex("[a-z&&[^b]]", "test"), Error);
  EXPECT_THROW(Regex("[a[b]]", "test"), Error);
  EXPECT_THROW(Regex(R"((a)\k<n>)", "test"), Error);
  EXPECT_THROW(Regex("(a", "test"), Error);
  EXPECT_THROW(Regex("a)", "test"), Error);
  EXPECT_THROW(Regex("\\", "test"), Error);
  EXPECT_THROW(Regex("[a", "test"), Error);
  EXPECT_THROW(Regex("a{2", "test"), Error);
}

TEST(Regex, APatternThatExplodesIsStopped) {
  const Regex pattern("(a+)+$|(a|aa)+c", "test");
  try {
    pattern.find_all(std::string(40, 'a') + "b");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
  }
}

}  // namespace
}  // namespace dormouse::text
