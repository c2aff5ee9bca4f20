#include "science/defence/policy_gradient.h"

#include <gtest/gtest.h>

#include <cmath>

namespace dormouse::defence {
namespace {

// By hand: gamma 0.9, lambda 0.5; rewards 0, 0, 1; values 0.1, 0.2, 0.3.
//   delta_2 = 1 - 0.3 = 0.7;  delta_1 = 0.9 * 0.3 - 0.2 = 0.07;  delta_0 = 0.9 * 0.2 - 0.1 = 0.08
//   A_2 = 0.7;  A_1 = 0.07 + 0.45 * 0.7 = 0.385;  A_0 = 0.08 + 0.45 * 0.385 = 0.25325
TEST(PolicyGradient, GeneralisedAdvantageByHand) {
  const std::vector<double> rewards{0, 0, 1};
  const std::vector<float> values{0.1f, 0.2f, 0.3f};
  const Advantage made = generalised_advantage(rewards, values, 0.9, 0.5);
  EXPECT_NEAR(made.advantages[2], 0.7, 1e-6);
  EXPECT_NEAR(made.advantages[1], 0.385, 1e-6);
  EXPECT_NEAR(made.advantages[0], 0.25325, 1e-6);
  EXPECT_NEAR(made.returns[0], 0.35325, 1e-6);
  EXPECT_NEAR(made.returns[2], 1.0, 1e-6);
}

// By hand: log p moves from -1 to -0.5, so the ratio is e^0.5 = 1.64872; clip 0.2.
TEST(PolicyGradient, ClippedLossByHand) {
  const PolicyGradientOptions options{.algorithm = "ppo", .clip = 0.2};
  const TokenLoss good = policy_loss(-0.5, -1, 0, 2, options);  // beyond 1.2: -2.4, no gradient
  EXPECT_NEAR(good.loss, -2.4, 1e-12);
  EXPECT_EQ(good.gradient, 0);
  const TokenLoss bad = policy_loss(-0.5, -1, 0, -2, options);  // a bad token may be pushed down from anywhere
  EXPECT_NEAR(bad.loss, 2 * 1.6487212707, 1e-9);
  EXPECT_NEAR(bad.gradient, 2 * 1.6487212707, 1e-9);
  const TokenLoss first = policy_loss(-1, -1, 0, 3, options);  // on policy: the plain policy gradient
  EXPECT_NEAR(first.loss, -3, 1e-12);
  EXPECT_NEAR(first.gradient, -3, 1e-12);
}

// By hand: d = reference - log p = 0.5: e^0.5 - 0.5 - 1 = 0.148721, its derivative 1 - e^0.5 = -0.648721.
TEST(PolicyGradient, GrpoPullsTowardsTheReference) {
  const PolicyGradientOptions options{.algorithm = "grpo", .kl = 0.1};
  const TokenLoss term = policy_loss(-1, -1, -0.5, 0, options);
  EXPECT_NEAR(term.loss, 0.0148721271, 1e-9);
  EXPECT_NEAR(term.gradient, -0.0648721271, 1e-9);
}

TEST(PolicyGradient, ValueLossByHand) {
  EXPECT_NEAR(value_loss(0.5, 0.4, 1, 0.2).loss, 0.125, 1e-12);
  EXPECT_NEAR(value_loss(0.5, 0.4, 1, 0.2).gradient, -0.5, 1e-12);
  // Moved by 0.8 towards the target: held at 0.6, (0.6 - 1)^2 / 2 = 0.08 is the larger, and has no gradient.
  EXPECT_NEAR(value_loss(1.2, 0.4, 1, 0.2).loss, 0.08, 1e-12);
  EXPECT_EQ(value_loss(1.2, 0.4, 1, 0.2).gradient, 0);
}

// Every gradient against a difference quotient, away from the kinks.
TEST(PolicyGradient, GradientsAreThoseOfTheLosses) {
  constexpr double kStep = 1e-6;
  for (const char* algorithm : {"ppo", "rloo", "grpo"}) {
    const PolicyGradientOptions options{.algorithm = algorithm, .kl = 0.3};
    for (const double log_prob : {-2.0, -1.1, -0.95, -0.3}) {
      for (const double advantage : {-1.5, 0.7}) {
        const auto loss = [&](double at) { return policy_loss(at, -1, -1.4, advantage, options).loss; };
        EXPECT_NEAR(policy_loss(log_prob, -1, -1.4, advantage, options).gradient,
                    (loss(log_prob + kStep) - loss(log_prob - kStep)) / (2 * kStep), 1e-6);
      }
    }
  }
  for (const double value : {-0.7, 0.3, 0.45, 1.3}) {
    const auto loss = [&](double at) { return value_loss(at, 0.4, 0.9, 0.2).loss; };
    EXPECT_NEAR(value_loss(value, 0.4, 0.9, 0.2).gradient, (loss(value + kStep) - loss(value - kStep)) / (2 * kStep),
                1e-6);
  }
}

std::vector<ScoredSample> two_groups() {
  const auto sample = [](std::size_t group, double reward) {
    return ScoredSample{group, reward, {-1.0f, -2.0f}, {-1.0f, -2.5f}, {0.0f, 0.0f}};  // divergence 0.5
  };
  return {sample(0, 1), sample(0, 2), sample(0, 6), sample(7, 5)};
}

// By hand, kl 0.2: every reward loses 0.1. Leave one out: 1 - (2 + 6) / 2 = -3; 2 - 3.5 = -1.5; 6 - 1.5 = 4.5; alone:
// 0.
TEST(PolicyGradient, RlooLeavesOneOut) {
  const auto made = advantages(two_groups(), {.algorithm = "rloo", .kl = 0.2});
  EXPECT_NEAR(made[0].advantages[0], -3, 1e-6);
  EXPECT_NEAR(made[1].advantages[1], -1.5, 1e-6);
  EXPECT_NEAR(made[2].advantages[0], 4.5, 1e-6);
  EXPECT_EQ(made[3].advantages, (std::vector<double>{0, 0}));
}

// By hand: mean 3, deviation sqrt((4 + 1 + 9) / 3) = 2.160247.
TEST(PolicyGradient, GrpoComparesWithinTheGroup) {
  const auto made = advantages(two_groups(), {.algorithm = "grpo", .kl = 0.2});
  EXPECT_NEAR(made[0].advantages[0], -0.9258201, 1e-6);
  EXPECT_NEAR(made[2].advantages[1], 1.3887301, 1e-6);
  EXPECT_EQ(made[3].advantages, (std::vector<double>{0, 0}));
}

TEST(PolicyGradient, PpoAdvantagesHaveMeanZeroAndDeviationOne) {
  const auto made = advantages(two_groups(), {.algorithm = "ppo", .kl = 0.2});
  double sum = 0, squares = 0;
  for (const auto& one : made) {
    for (const double advantage : one.advantages) sum += advantage, squares += advantage * advantage;
  }
  EXPECT_NEAR(sum, 0, 1e-9);
  EXPECT_NEAR(squares / 8, 1, 1e-6);
  // The return is in the reward's own units: gamma 1, values 0, so it is all that is still to come.
  EXPECT_NEAR(made[0].returns[1], 1 - 0.2 * 0.5, 1e-6);
}

}  // namespace
}  // namespace dormouse::defence
