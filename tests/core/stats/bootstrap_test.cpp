#include "core/stats/bootstrap.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/stats/paired.h"

namespace dormouse::stats {
namespace {

std::vector<double> normal_values(int n, double mean, uint64_t seed) {
  RandomStream stream(seed, "values");
  std::vector<double> values;
  for (int i = 0; i < n; ++i) values.push_back(mean + stream.normal());
  return values;
}

TEST(Bootstrap, IsAFunctionOfItsArguments) {
  const auto values = normal_values(40, 1, 1);
  const Estimate once = bootstrap_mean(values, RandomStream(3, "a"));
  const Estimate again = bootstrap_mean(values, RandomStream(3, "a"));
  EXPECT_EQ(once.low, again.low);
  EXPECT_EQ(once.high, again.high);
  EXPECT_NE(once.low, bootstrap_mean(values, RandomStream(4, "a")).low);
}

TEST(Bootstrap, WidthIsThatOfTheStandardError) {
  const Estimate estimate = bootstrap_mean(normal_values(400, 0, 2), RandomStream(1, "b"));
  EXPECT_NEAR((estimate.high - estimate.low) / 2, 1.96 / std::sqrt(400.0), 0.012);
  EXPECT_LT(estimate.low, estimate.value);
  EXPECT_GT(estimate.high, estimate.value);
}

TEST(Bootstrap, CoversTheTruthAboutNineteenTimesInTwenty) {
  int covered = 0;
  constexpr int kTrials = 300;
  for (int trial = 0; trial < kTrials; ++trial) {
    const auto values = normal_values(60, 0.5, 100 + static_cast<uint64_t>(trial));
    const Estimate estimate = bootstrap_mean(values, RandomStream(9, "c"), {.resamples = 300});
    covered += estimate.low <= 0.5 && 0.5 <= estimate.high;
  }
  EXPECT_GT(covered, kTrials * 0.90);
  EXPECT_LT(covered, kTrials * 0.985);
}

TEST(StratifiedBootstrap, WhatStrataDifferByIsNoNoise) {
  auto values = normal_values(200, 0, 7);
  std::vector<std::string> strata(values.size(), "low");
  for (std::size_t i = 0; i < values.size(); i += 2) values[i] += 10, strata[i] = "high";
  const Estimate apart = bootstrap_stratified_mean(values, strata, RandomStream(1, "s"));
  const Estimate together = bootstrap_mean(values, RandomStream(1, "s"));
  EXPECT_EQ(apart.value, together.value);
  EXPECT_NEAR((apart.high - apart.low) / 2, 1.96 / std::sqrt(200.0), 0.025);
  EXPECT_GT(together.high - together.low, 4 * (apart.high - apart.low));
}

TEST(StratifiedBootstrap, OneStratumOrASingleValueIsThePlainOne) {
  const auto values = normal_values(30, 0, 8);
  std::vector<std::string> strata(values.size());
  const Estimate plain = bootstrap_mean(values, RandomStream(2, "s"));
  EXPECT_EQ(bootstrap_stratified_mean(values, strata, RandomStream(2, "s")).low, plain.low);
  strata[4] = "alone";
  EXPECT_EQ(bootstrap_stratified_mean(values, strata, RandomStream(2, "s")).high, plain.high);
  EXPECT_FALSE(bootstrap_stratified_mean({}, {}, RandomStream(2, "s")).defined());
}

TEST(Bootstrap, NothingIsNotDefined) { EXPECT_FALSE(bootstrap_mean({}, RandomStream(1, "d")).defined()); }

TEST(Bootstrap, EqualGradesAreNotCertain) {
  const std::vector<double> ones(60, 1.0);
  EXPECT_EQ(bootstrap_mean(ones, RandomStream(1, "e")).low, 1);
  EXPECT_NEAR(bootstrap_grade(ones, RandomStream(1, "e")).low, 0.94, 0.001);
  const std::vector<double> mixed = {1, 1, 0.5, 0, 1};
  EXPECT_EQ(bootstrap_grade(mixed, RandomStream(1, "e")).low, bootstrap_mean(mixed, RandomStream(1, "e")).low);
}

TEST(Quantile, InterpolatesBetweenOrderStatistics) {
  const std::vector<double> sorted = {1, 2, 4};
  EXPECT_DOUBLE_EQ(quantile(sorted, 0), 1);
  EXPECT_DOUBLE_EQ(quantile(sorted, 0.25), 1.5);
  EXPECT_DOUBLE_EQ(quantile(sorted, 0.75), 3);
  EXPECT_DOUBLE_EQ(quantile(sorted, 1), 4);
}

TEST(Paired, DifferenceIsAfterMinusBeforeAndNarrowerThanUnpaired) {
  const auto before = normal_values(80, 0, 5);
  auto after = before;
  RandomStream noise(6, "noise");
  for (auto& value : after) value += 0.3 + 0.05 * noise.normal();
  const Estimate paired = paired_difference(before, after, RandomStream(1, "f"));
  EXPECT_NEAR(paired.value, 0.3, 0.03);
  EXPECT_LT(paired.high - paired.low, 0.04);
}

TEST(McNemar, CountsOnlyPairsThatChanged) {
  EXPECT_EQ(mcnemar_exact(0, 0), 1);
  EXPECT_NEAR(mcnemar_exact(6, 0), 2.0 / 64, 1e-12);
  EXPECT_EQ(mcnemar_exact(2, 9), mcnemar_exact(9, 2));
}

}  // namespace
}  // namespace dormouse::stats
