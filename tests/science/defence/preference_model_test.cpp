// Preference models on a random model of six tokens: answers with "a" are better than answers with "b".
#include "science/defence/preference_model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "core/base/error.h"
#include "engine/weights/temporary_folder.h"
#include "science/defence/safety_reward.h"
#include "science/random_model.h"

namespace dormouse::defence {
namespace {

class PreferenceModelTest : public ::testing::Test {
 protected:
  void SetUp() override { write_random_model(folder.path() / "model"); }

  PreferenceModel fresh() const {
    return PreferenceModel(chat::LocalModel(weights::ModelFiles::open((folder.path() / "model").string())));
  }

  static std::vector<PreferencePair> pairs() {
    std::vector<PreferencePair> made;
    for (const std::string prompt : {"a", "b", "ab", "ba"}) {
      for (const std::string tail : {"", "a", "b", "ab"})
        made.push_back({"", "", {{"user", prompt}}, "a" + tail, "b" + tail});
    }
    return made;
  }

  static double accuracy(PreferenceModel& model) {
    return judge_rewards(pair_rewards(model.reward(), render_pairs(model.model().format(), pairs(), 64).rows))
        .accuracy.value;
  }

  PreferenceTrainer trainer_of(PreferenceModel& model) const {
    return {model, render_pairs(model.model().format(), pairs(), 64).rows, options, 3};
  }

  TemporaryFolder folder;
  train::TrainingOptions options{.epochs = 10, .batch_rows = 5, .learning_rate = 1e-2, .precision = "f32"};
};

TEST_F(PreferenceModelTest, LearnsAndIsKeptWithItsReadOut) {
  PreferenceModel model = fresh();
  EXPECT_DOUBLE_EQ(accuracy(model), 0.5);  // a read-out of 0: all are ties
  {
    PreferenceTrainer trainer = trainer_of(model);
    EXPECT_EQ(trainer.steps(), 40);  // 16 pairs in steps of 5: the last of an epoch has 1
    const double first = trainer.next().loss;
    EXPECT_NEAR(first, std::log(2), 1e-6);
    double last = first;
    while (trainer.step() < trainer.steps()) last = trainer.next().loss;
    EXPECT_LT(last, 0.1);
  }
  EXPECT_DOUBLE_EQ(accuracy(model), 1);
  model.save(folder.path() / "saved", weights::DType::kF32);
  const PreferenceModel opened = PreferenceModel::open(folder.path() / "saved");
  const std::vector<JudgedAnswer> answers{{{{"user", "a"}}, "ab"}, {{{"user", "b"}}, ""}};
  EXPECT_EQ(opened.score(answers), model.score(answers));
}

TEST_F(PreferenceModelTest, AFolderWithoutReadOutIsRefused) {
  EXPECT_THROW(PreferenceModel::open(folder.path() / "model"), Error);
}

TEST_F(PreferenceModelTest, LongPairsAreCounted) {
  PreferenceModel model = fresh();
  const auto all = render_pairs(model.model().format(), pairs(), 64);
  EXPECT_EQ(all.too_long, 0);
  EXPECT_EQ(all.rows.size(), 32u);
  const auto some = render_pairs(model.model().format(), pairs(), static_cast<int64_t>(all.rows[0].ids.size()));
  EXPECT_GT(some.too_long, 0);
  EXPECT_EQ(some.rows.size() / 2 + static_cast<std::size_t>(some.too_long), 16u);
}

TEST_F(PreferenceModelTest, ResumesBitForBit) {
  const auto through = [&](int64_t killed_after) {
    auto model = std::make_unique<PreferenceModel>(fresh());
    std::unique_ptr<PreferenceTrainer> trainer(new PreferenceTrainer(trainer_of(*model)));
    while (trainer->step() < 9) {
      trainer->next();
      if (trainer->step() != killed_after) continue;
      trainer->save_state(folder.path() / "state");
      trainer.reset();
      model = std::make_unique<PreferenceModel>(fresh());
      trainer.reset(new PreferenceTrainer(trainer_of(*model)));
      EXPECT_TRUE(trainer->load_state(folder.path() / "state"));
    }
    return model->score(std::vector<JudgedAnswer>{{{{"user", "a"}}, "ab"}});
  };
  EXPECT_EQ(through(5), through(0));
}

// The preference model must see neither scratchpad nor what stands behind an open one.
TEST_F(PreferenceModelTest, RewardsWhatAUserWouldSee) {
  PreferenceModel model = fresh();
  for (auto trainer = trainer_of(model); trainer.step() < 20;) trainer.next();
  const SafetyPrompts prompts{.prompts = {"a", "b"}, .attacks = {"ab"}, .attack_share = 0, .begun = "<scratchpad>"};
  std::vector<train::Rollout> rollouts(3);
  rollouts[0] = {.prompt = 0, .row = {}, .log_probs = {}, .text = "bb</scratchpad>a"};
  rollouts[1] = {.prompt = 1, .row = {}, .log_probs = {}, .text = "aaaa"};
  rollouts[2] = {.prompt = 1, .row = {}, .log_probs = {}, .text = "</scratchpad>b"};
  const std::vector<std::size_t> drawn{1, 2};
  const auto rewards = preference_reward(model, prompts)(rollouts, drawn);
  const auto expected =
      model.score(std::vector<JudgedAnswer>{{{{"user", "b"}}, "a"}, {{{"user", "ab"}}, ""}, {{{"user", "ab"}}, "b"}});
  EXPECT_EQ(rewards, std::vector<double>(expected.begin(), expected.end()));
}

}  // namespace
}  // namespace dormouse::defence
