// Reinforcement learning on a task whose optimum is known, with every algorithm: a random model of six tokens is rewarded for the share
// of "a" among what it says.
#include "science/defence/reinforcement.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/base/random.h"
#include "engine/weights/temporary_folder.h"
#include "engine/weights/tiny_model.h"

namespace dormouse::defence {
namespace {

class ReinforcementTest : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    write_file(folder.path() / "tiny.gguf", weights::tiny::gguf().build());
    auto values = weights::tiny::values();
    RandomStream random(1, "weights");
    for (auto& [name, list] : values) {
      const bool norm = name.find("norm") != std::string::npos;
      for (float& value : list) value = static_cast<float>(norm ? 1 : 0.5 * random.normal());
    }
    weights::save_model_folder(folder.path() / "model", weights::ModelFiles::open((folder.path() / "tiny.gguf").string()),
                               weights::tiny::tensors(values));
  }

  chat::LocalModel open() const { return chat::LocalModel(weights::ModelFiles::open((folder.path() / "model").string())); }

  TemporaryFolder folder;
  ReinforcementOptions options{.steps = 120, .prompts_per_step = 4, .samples = 8, .answer_tokens = 6, .learning_rate = 3e-2};
};

std::vector<double> share_of_a(std::span<const train::Rollout> rollouts) {
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
  Reinforcement learning(policy, nullptr, prompts, share_of_a, options, {.algorithm = GetParam(), .kl = 0, .value_weight = 0.5}, 1);
  const double first = learning.next().reward;
  double last = 0;
  while (learning.step() < options.steps) last = learning.next().reward;
  EXPECT_LT(first, 0.6);
  EXPECT_GT(last, 0.97) << GetParam();
}

// With a heavy KL weight the policy stays where it began, whatever the reward says: the control.
TEST_P(ReinforcementTest, StaysAtTheStartUnderAHeavyDivergenceWeight) {
  chat::LocalModel policy = open(), start = open();
  const std::vector<std::vector<int32_t>> prompts{{0, 2}, {0, 3}};
  options.learning_rate = 1e-3;
  Reinforcement learning(policy, &start, prompts, share_of_a, options, {.algorithm = GetParam(), .kl = 10}, 1);
  EXPECT_NEAR(learning.next().divergence, 0, 1e-3);
  RoundReport last;
  while (learning.step() < 40) last = learning.next();
  EXPECT_LT(std::abs(last.divergence), 0.5) << GetParam();
  EXPECT_LT(last.reward, 0.8);
}

INSTANTIATE_TEST_SUITE_P(All, ReinforcementTest, ::testing::Values("ppo", "rloo", "grpo"),
                         [](const auto& each) { return each.param; });

}  // namespace
}  // namespace dormouse::defence
