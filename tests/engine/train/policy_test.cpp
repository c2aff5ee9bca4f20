// The policy-gradient step on a random model: the same update as supervised training when the loss is the same, and a
// bandit whose best token is known.
#include "engine/train/policy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "engine/tiny_rows.h"
#include "engine/tiny_transformer.h"
#include "engine/train/trainer.h"

namespace dormouse::train {
namespace {

using tiny::pointers;
using tiny::row;

TrainingOptions options() {
  TrainingOptions made;
  made.batch_rows = 3;
  made.learning_rate = 1e-2;
  made.warmup = 0;
  made.precision = "f32";
  return made;
}

// weight * sum of the log-probabilities
PolicyTerm weighted(const PolicyPass& pass, double weight) {
  const double sum = std::accumulate(pass.log_probs.begin(), pass.log_probs.end(), 0.0);
  return {weight * sum, std::vector<float>(pass.log_probs.size(), static_cast<float>(weight))};
}

TEST(PolicyStep, WithTheSupervisedLossIsTheSupervisedStep) {
  const std::vector<text::RenderedRow> rows{row({1, 2, 3, 4}, 2), row({7, 8, 9}, 1), row({1, 2, 5, 6, 7}, 2)};
  auto supervised = tiny::transformer(), policy = tiny::transformer();
  Trainer trainer(supervised, rows, {}, options(), 1);
  const StepReport expected = trainer.next();
  PolicyTrainer trained(policy, options());
  const double targets = static_cast<double>(expected.target_tokens);
  // Two passes: the sum over them is the step.
  const auto report = trained.step(
      pointers(rows), [&](const PolicyPass& pass) { return weighted(pass, -1 / targets); }, expected.learning_rate,
      /*pass_tokens=*/8);
  EXPECT_NEAR(report.loss, expected.loss, 1e-5);
  EXPECT_NEAR(report.gradient_norm, expected.gradient_norm, 1e-4 * expected.gradient_norm);
  EXPECT_EQ(report.target_tokens, expected.target_tokens);
  const auto a = supervised.parameters(), b = policy.parameters();
  for (std::size_t i = 0; i < a.size(); ++i) {
    // Adam's first step is lr * sign(g) nearly everywhere: tiny gradients may differ in sign.
    const at::Tensor differs = (a[i].value - b[i].value).abs() > 1e-4;
    EXPECT_LT(differs.to(at::kFloat).mean().item<double>(), 0.01) << a[i].name;
  }
}

TEST(PolicyStep, TellsWhichRowsAPassHolds) {
  const std::vector<text::RenderedRow> rows{row({1, 2, 3, 4}, 2), row({7, 8, 9}, 1), row({1, 2, 5, 6, 7}, 2)};
  auto model = tiny::transformer();
  PolicyTrainer trained(model, options());
  std::vector<std::pair<std::size_t, std::vector<int64_t>>> seen;
  trained.step(
      pointers(rows),
      [&](const PolicyPass& pass) {
        seen.emplace_back(pass.first_row, std::vector<int64_t>(pass.targets_of_row.begin(), pass.targets_of_row.end()));
        return weighted(pass, 1);
      },
      0.0, /*pass_tokens=*/8);
  EXPECT_EQ(seen, (std::vector<std::pair<std::size_t, std::vector<int64_t>>>{{0, {2, 2}}, {2, {3}}}));
}

// One token of 50 is rewarded. REINFORCE over the whole vocabulary, weighted by its probability, is the exact gradient:
// the probability of the token must reach 1.
TEST(PolicyStep, LearnsTheRewardedToken) {
  auto model = tiny::transformer();
  TrainingOptions made = options();
  PolicyTrainer trained(model, made);
  std::vector<text::RenderedRow> rows;
  for (int32_t token = 0; token < 50; ++token) rows.push_back(row({3, 1, 4, token}, 3));
  double chance = 0;
  for (int64_t step = 1; step <= 40; ++step) {
    trained.step(
        pointers(rows),
        [&](const PolicyPass& pass) {
          // d/d(log p_i) of -sum(p_i A_i log p_i), p and A held.
          PolicyTerm term = weighted(pass, 0);
          chance = std::exp(pass.log_probs[17]);
          for (std::size_t i = 0; i < term.gradient.size(); ++i) {
            term.gradient[i] = static_cast<float>(-std::exp(pass.log_probs[i]) * ((i == 17 ? 1.0 : 0.0) - chance));
          }
          return term;
        },
        1e-2);
  }
  EXPECT_GT(chance, 0.99);
}

// The value head learns what each state is worth; the policy, which gets no gradient of its own here, is trained
// through the shared trunk.
TEST(PolicyStep, TheValueHeadLearnsTheReturn) {
  const std::vector<text::RenderedRow> rows{row({1, 2, 3, 4}, 2), row({7, 8, 9, 5}, 2)};
  const std::vector<double> returns{1.0, 1.0, -2.0, -2.0};
  auto model = tiny::transformer();
  PolicyTrainer trained(model, options(), /*value_head=*/true);
  for (const auto& values : trained.values(pointers(rows))) EXPECT_EQ(values, (std::vector<float>{0, 0}));
  for (int step = 0; step < 60; ++step) {
    trained.step(
        pointers(rows),
        [&](const PolicyPass& pass) {
          PolicyTerm term = weighted(pass, 0);
          for (std::size_t i = 0; i < pass.values.size(); ++i) {
            term.value_gradient.push_back(static_cast<float>(pass.values[i] - returns[i]));
          }
          return term;
        },
        1e-2);
  }
  const auto values = trained.values(pointers(rows));
  EXPECT_NEAR(values[0][0], 1, 0.1);
  EXPECT_NEAR(values[0][1], 1, 0.1);
  EXPECT_NEAR(values[1][1], -2, 0.1);
}

}  // namespace
}  // namespace dormouse::train
