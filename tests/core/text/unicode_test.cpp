#include "core/text/unicode.h"

#include <gtest/gtest.h>

namespace dormouse::text {
namespace {

TEST(Unicode, InvalidBytesBecomeReplacementCharactersAsInPython) {
  // Expected values by Python's bytes.decode("utf-8", "replace").
  EXPECT_EQ(replace_invalid_utf8("a\xFFz"), "a\uFFFDz");
  EXPECT_EQ(replace_invalid_utf8("\xE2\x82"), "\uFFFD");  // one part, cut off
  EXPECT_EQ(replace_invalid_utf8("\xE2\x82x"), "\uFFFDx");
  EXPECT_EQ(replace_invalid_utf8("\xF0\x9F\x98z"), "\uFFFDz");
  EXPECT_EQ(replace_invalid_utf8("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");  // a surrogate
  EXPECT_EQ(replace_invalid_utf8("\xC0\xAF"), "\uFFFD\uFFFD");            // overlong
  EXPECT_EQ(replace_invalid_utf8("\xF4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(replace_invalid_utf8("é世👍"), "é世👍");
}

TEST(Unicode, IncompleteTail) {
  EXPECT_EQ(incomplete_tail("abc"), 0U);
  EXPECT_EQ(incomplete_tail("a\xF0\x9F\x91"), 3U);
  EXPECT_EQ(incomplete_tail("a\xC3"), 1U);
  EXPECT_EQ(incomplete_tail("é"), 0U);
  EXPECT_EQ(incomplete_tail("\x80\x80"), 0U);  // can never become a character
  EXPECT_EQ(incomplete_tail("\xED\xA0"), 0U);  // nor can this
}

TEST(Unicode, CharactersThereAndBack) {
  for (const char32_t c : {U'a', U'é', U'世', U'👍', char32_t{0x10FFFF}, char32_t{0x7FF}, char32_t{0x800}}) {
    std::string text;
    append_character(text, c);
    std::size_t at = 0;
    EXPECT_EQ(next_character(text, at), c);
    EXPECT_EQ(at, text.size());
    EXPECT_TRUE(is_valid_utf8(text));
  }
}

TEST(Unicode, CaseIsPythons) {
  EXPECT_EQ(upper("straße"), "STRASSE");
  EXPECT_EQ(lower("ΟΔΟΣ ΣΑΣ"), "οδος σας");
  EXPECT_EQ(lower_simple("ΟΔΟΣ"), "οδοσ");  // Rust's, without context
  EXPECT_EQ(lower("İ"), "i̇");
  EXPECT_EQ(titled("they're HERE"), "They'Re Here");
  EXPECT_EQ(capitalized("hELLO"), "Hello");
  EXPECT_EQ(capitalized(""), "");
}

TEST(Unicode, ALongRunOfSigmasIsNotQuadratic) {
  std::string text;
  for (int i = 0; i < 300'000; ++i) text += "Σ";
  EXPECT_EQ(lower(text).size(), text.size());
}

TEST(Unicode, NormalForms) {
  EXPECT_EQ(normalized("e\u0301", NormalForm::kNfc), "é");
  EXPECT_EQ(normalized("é", NormalForm::kNfd), "e\u0301");
  EXPECT_EQ(normalized("ﬁ２", NormalForm::kNfkc), "fi2");
}

}  // namespace
}  // namespace dormouse::text
