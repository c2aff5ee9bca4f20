#include "lab/report/html.h"

#include <gtest/gtest.h>

#include "core/base/json.h"
#include "lab/report/format.h"
#include "lab/report/sample_record.h"

namespace dormouse::lab {
namespace {

TEST(Html, TextIsEscapedInContentAndInAttributes) {
  EXPECT_EQ(element("p", {{"title", "a\"b<'"}}, "<b>&").bytes(), "<p title=\"a&quot;b&lt;&#39;\">&lt;b&gt;&amp;</p>");
  EXPECT_EQ(element("input", {{"type", "text"}}).bytes(), "<input type=\"text\">");
}

TEST(Html, ControlCharactersAndBrokenUtf8BecomeReplacements) {
  EXPECT_EQ(text(std::string("a\0b\x7F", 4)).bytes(),
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD");
  EXPECT_EQ(text("x\xC3(").bytes(), "x\xEF\xBF\xBD(");
  EXPECT_EQ(text("\xE4\xB8\xAD\n").bytes(), "\xE4\xB8\xAD\n");
}

TEST(Html, JsonInAScriptCannotEndIt) {
  for (const std::string& hostile : sample::hostile_completions()) {
    const std::string json = canonical_json(Json(hostile));
    const std::string safe = script_safe_json(json);
    for (const char* forbidden : {"<", ">", "&", "\xE2\x80\xA8", "\xE2\x80\xA9"}) {
      EXPECT_EQ(safe.find(forbidden), std::string::npos) << safe;
    }
    EXPECT_EQ(Json::parse(safe), Json::parse(json));
  }
}

TEST(Html, HashIsBase64OfSha256) {
  // printf '' | openssl dgst -sha256 -binary | base64
  EXPECT_EQ(csp_hash(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}

TEST(Format, SharesNeverReadAsFalseEnds) {
  EXPECT_EQ(value_text(1.0, Unit::kShare), "100%");
  EXPECT_EQ(value_text(0.998, Unit::kShare), "99.8%");
  EXPECT_EQ(value_text(0.0, Unit::kShare), "0%");
  EXPECT_EQ(value_text(0.002, Unit::kShare), "0.2%");
  EXPECT_EQ(value_text(std::nan(""), Unit::kShare), "not measured");
  EXPECT_EQ(interval_text(1.0, 0.969, 1.0, Unit::kShare), "100% [97, 100]");
  EXPECT_EQ(interval_text(18.42, 16.9, 20.1, Unit::kNumber), "18.4 [16.9, 20.1]");
  EXPECT_EQ(count_text(1234567), "1,234,567");
  EXPECT_EQ(list_text({"a", "b", "c"}), "a, b and c");
}

// A negative reward that passes for a share reads "0%".
TEST(Format, RewardsAndTheirGapAreNoShares) {
  for (const char* name : {"preference.reward", "preference.gap", "reinforce.reward", "reinforce.judge"}) {
    EXPECT_EQ(unit_of(name), Unit::kNumber) << name;
  }
  EXPECT_EQ(unit_of("preference.accuracy"), Unit::kShare);
  EXPECT_EQ(unit_of("reinforce.repetition"), Unit::kShare);
  EXPECT_EQ(unit_of("change.capability.accuracy"), Unit::kPoints);
  EXPECT_EQ(value_text(-0.059, unit_of("preference.gap")), "-0.0590");
}

}  // namespace
}  // namespace dormouse::lab
