// Reinforcement learning on a task whose optimum is known, with every algorithm: a random model of six tokens is
// rewarded for the share of "a" among what it says.
#include "science/defence/reinforcement.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>

#include "engine/weights/temporary_folder.h"
#include "science/random_model.h"

namespace dormouse::defence {
namespace {

constexpr uint64_t kUnequal = 3;  // a seed with which two completions differ in length

class ReinforcementTest : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { write_random_model(folder.path() / "model"); }

  chat::LocalModel open() const {
    return chat::LocalModel(weights::ModelFiles::open((folder.path() / "model").string()));
  }

  TemporaryFolder folder;
  ReinforcementOptions options{
      .steps = 120, .prompts_per_step = 4, .samples = 8, .answer_tokens = 6, .learning_rate = 3e-2};
};

std::vector<double> share_of_a(std::span<const train::Rollout> rollouts, std::span<const std::size_t>) {
  std::vector<double> rewards;
  for (const auto& rollout : rollouts) {
    const auto count = std::count(rollout.text.begin(), rollout.text.end(), 'a');
    rewards.push_back(static_cast<double>(count) / 6);
  }
  return rewards;
}

TEST_P(ReinforcementTest, ReachesTheOptimum) {
  chat::LocalModel policy = open();
  const std::vector<std::vector<int32_t>> prompts{{0, 2}, {0, 3}, {0, 4}, {0, 3, 4}};
  Reinforcement learning(policy, nullptr, {prompts}, share_of_a, options,
                         {.algorithm = GetParam(), .kl = 0, .value_weight = 0.5}, 1);
  const double first = learning.next().reward;
  double last = 0;
  while (learning.step() < options.steps) last = learning.next().reward;
  EXPECT_LT(first, 0.6);
  EXPECT_GT(last, 0.97) << GetParam();
}

// With a heavy KL weight the policy stays where it began, whatever the reward says; without one it moves.
TEST_P(ReinforcementTest, StaysAtTheStartUnderAHeavyDivergenceWeight) {
  const std::vector<std::vector<int32_t>> prompts{{0, 2}, {0, 3}};
  options.learning_rate = 1e-2;
  const auto last_round = [&](double kl) {
    chat::LocalModel policy = open(), start = open();
    Reinforcement learning(policy, &start, {prompts}, share_of_a, options, {.algorithm = GetParam(), .kl = kl}, 1);
    EXPECT_NEAR(learning.next().divergence, 0, 1e-3);
    RoundReport last;
    while (learning.step() < 40) last = learning.next();
    return last;
  };
  const RoundReport held = last_round(10), free = last_round(0);
  EXPECT_LT(std::abs(held.divergence), 0.5) << GetParam();
  EXPECT_GT(free.divergence, 1) << GetParam();
  EXPECT_GT(free.reward, held.reward + 0.1);
}

// The loss of a first round by hand. The ratio is 1 and the value head says 0, so the first completion, rewarded with
// 1, and the second, with 0, have the advantages 1 and -1 a token; ppo's have mean 0, which leaves its value loss.
TEST_P(ReinforcementTest, WeighsTokensAsItsAlgorithmSays) {
  chat::LocalModel policy = open();
  std::vector<double> lengths;
  const auto first_is_better = [&](std::span<const train::Rollout> rollouts, std::span<const std::size_t>) {
    for (const auto& rollout : rollouts) lengths.push_back(static_cast<double>(rollout.log_probs.size()));
    return std::vector<double>{1, 0};
  };
  options.prompts_per_step = 1;
  options.samples = 2;
  const PolicyGradientOptions gradient{.algorithm = GetParam(), .kl = 0, .lambda = 0.5, .value_weight = 0.25};
  Reinforcement learning(policy, nullptr, {{{0, 2}}}, first_is_better, options, gradient, kUnequal);
  const double loss = learning.next().loss;
  ASSERT_EQ(lengths.size(), 2u);
  ASSERT_NE(lengths[0], lengths[1]);
  double expected = 0;  // grpo: a completion's tokens share its weight
  if (GetParam() == "rloo") expected = (lengths[1] - lengths[0]) / 2;
  if (GetParam() == "ppo") {
    double squares = 0, advantage = 1;  // towards the first token by lambda
    for (double t = 0; t < lengths[0]; ++t, advantage *= gradient.lambda) squares += advantage * advantage;
    expected = gradient.value_weight * 0.5 * squares / (lengths[0] + lengths[1]);
  }
  EXPECT_NEAR(loss, expected, 1e-5) << GetParam();
}

// Killed after any round and resumed from its state: the same weights as without.
TEST_P(ReinforcementTest, ResumesBitForBit) {
  const PromptPool pool{{{0, 2}, {0, 3}, {0, 4}}, {{0, 5, 5}}, 0.3};
  options.updates = 2;
  const PolicyGradientOptions gradient{.algorithm = GetParam(), .kl = 0.05};
  const auto through = [&](int64_t killed_after) {
    auto policy = std::make_unique<chat::LocalModel>(open());
    chat::LocalModel start = open();
    auto learning = std::make_unique<Reinforcement>(*policy, &start, pool, share_of_a, options, gradient, 7);
    while (learning->step() < 6) {
      learning->next();
      if (learning->step() != killed_after) continue;
      learning->save_state(folder.path() / "state");
      learning.reset();
      policy = std::make_unique<chat::LocalModel>(open());
      learning = std::make_unique<Reinforcement>(*policy, &start, pool, share_of_a, options, gradient, 7);
      EXPECT_TRUE(learning->load_state(folder.path() / "state"));
      EXPECT_EQ(learning->step(), killed_after);
    }
    learning.reset();
    return policy->logits(std::vector<int32_t>{0, 2, 3});
  };
  const auto whole = through(0);
  EXPECT_EQ(through(3), whole);
  EXPECT_NE(open().logits(std::vector<int32_t>{0, 2, 3}), whole);
}

// What is drawn is told to the reward function: prompts 0 and 1, the attack 2.
TEST_F(ReinforcementTest, AttacksStandInForTheirShareOfThePrompts) {
  chat::LocalModel policy = open();
  std::map<std::size_t, int64_t> counts;
  const auto count_drawn = [&](std::span<const train::Rollout> rollouts, std::span<const std::size_t> drawn) {
    for (const std::size_t index : drawn) ++counts[index];
    for (const auto& rollout : rollouts) EXPECT_EQ(rollout.row.ids[1] == 5, drawn[rollout.prompt] == 2);
    return std::vector<double>(rollouts.size(), 0.0);
  };
  options = {.steps = 20, .prompts_per_step = 20, .samples = 2, .answer_tokens = 2};
  Reinforcement learning(policy, nullptr, {{{0, 2}, {0, 3}}, {{0, 5, 5}}, 0.25}, count_drawn, options,
                         {.algorithm = "rloo", .kl = 0}, 1);
  while (learning.step() < options.steps) learning.next();
  EXPECT_EQ(learning.attacks_drawn(options.steps), counts[2]);
  EXPECT_LT(learning.attacks_drawn(1), counts[2]);
  EXPECT_NEAR(static_cast<double>(counts[2]) / 400, 0.25, 0.07);
  EXPECT_NEAR(static_cast<double>(counts[0]) / static_cast<double>(counts[1]), 1, 0.1);
}

INSTANTIATE_TEST_SUITE_P(All, ReinforcementTest, ::testing::Values("ppo", "rloo", "grpo"),
                         [](const auto& each) { return each.param; });

}  // namespace
}  // namespace dormouse::defence
