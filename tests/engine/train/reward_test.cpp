// Reward models on a random transformer: pairs that differ in one token, and what is kept of them.
#include "engine/train/reward.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/error.h"
#include "engine/tiny_rows.h"
#include "engine/tiny_transformer.h"
#include "engine/train/batch.h"
#include "engine/weights/temporary_folder.h"

namespace dormouse::train {
namespace {

using tiny::pointers;
using tiny::row;

TrainingOptions options() {
  TrainingOptions made;
  made.precision = "f32";
  return made;
}

// The better row of each pair has token 7 where the worse one has 9.
std::vector<text::RenderedRow> pairs(int32_t first) {
  std::vector<text::RenderedRow> rows;
  for (int32_t i = 0; i < 6; ++i) {
    for (const int32_t mark : {7, 9}) rows.push_back(row({1, first + i, mark, 20 + i, 2}, 2));
  }
  return rows;
}

// Bradley and Terry: -log sigmoid of the difference, the mean over pairs.
RewardTerm pair_term(std::span<const float> rewards, double count) {
  RewardTerm term{0, std::vector<float>(rewards.size())};
  for (std::size_t i = 0; i < rewards.size(); i += 2) {
    const double wrong = 1 / (1 + std::exp(rewards[i] - rewards[i + 1]));
    term.loss -= std::log(1 - wrong) / count;
    term.gradient[i] = static_cast<float>(-wrong / count);
    term.gradient[i + 1] = static_cast<float>(wrong / count);
  }
  return term;
}

TEST(Reward, LearnsWhichRowIsBetterAndKeepsIt) {
  auto model = tiny::transformer();
  RewardModel reward(model);
  const auto seen = pairs(10), unseen = pairs(30);
  for (const float score : reward.score(pointers(seen))) EXPECT_EQ(score, 0.0f);
  double first = 0, last = 0;
  {
    RewardTrainer trainer(reward, options());
    for (int step = 0; step < 40; ++step) {
      // Passes of one pair each: the two rows of a pair are never apart.
      const auto report = trainer.step(
          pointers(seen),
          [&](std::span<const float> rewards, std::size_t) {
            EXPECT_EQ(rewards.size(), 2u);
            return pair_term(rewards, 6);
          },
          1e-2, /*together=*/2, /*pass_tokens=*/10);
      (step == 0 ? first : last) = report.loss;
    }
  }
  EXPECT_NEAR(first, std::log(2.0), 1e-6);
  EXPECT_LT(last, 0.05);
  const auto scores = reward.score(pointers(unseen));
  for (std::size_t i = 0; i < scores.size(); i += 2) EXPECT_GT(scores[i], scores[i + 1]);

  const TemporaryFolder folder;
  reward.save_head(folder.path() / "head.safetensors");
  RewardModel again(model);
  again.load_head(folder.path() / "head.safetensors");
  EXPECT_EQ(again.score(pointers(unseen)), scores);
}

TEST(Reward, AHeadOfAnotherShapeIsRefused) {
  auto model = tiny::transformer();
  auto config = tiny::config();
  config.hidden_size = 32;
  nn::Transformer wide(config, tiny::RandomSource(config), "wide");
  const TemporaryFolder folder;
  RewardModel(wide).save_head(folder.path() / "head.safetensors");
  EXPECT_THROW(RewardModel(model).load_head(folder.path() / "head.safetensors"), Error);
}

TEST(Batch, RowsThatBelongTogetherStayInOnePass) {
  const auto rows = pairs(10);  // 5 tokens each
  for (const auto& pass : split_passes(pointers(rows), 25, 2)) EXPECT_EQ(pass.size() % 2, 0u);
  EXPECT_EQ(split_passes(pointers(rows), 25, 2).size(), 3u);
  EXPECT_EQ(split_passes(pointers(rows), 25).size(), 3u);
  EXPECT_EQ(split_passes(pointers(rows), 15, 2).size(), 6u);
}

TEST(Batch, KnowsTheLastTokenOfEveryRow) {
  const auto rows = pairs(10);
  const Batch batch = make_batch(pointers(rows));
  ASSERT_EQ(batch.last_of_row.size(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(batch.ids[batch.last_of_row[i]].item<int64_t>(), rows[i].ids.back());
    EXPECT_EQ(batch.positions[batch.last_of_row[i]].item<int64_t>(), 4);
  }
}

}  // namespace
}  // namespace dormouse::train
