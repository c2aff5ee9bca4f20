#include "core/stats/auroc.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace dormouse::stats {
namespace {

using Scores = std::vector<double>;

TEST(Auroc, SeparatesReversesAndTies) {
  EXPECT_EQ(auroc(Scores{2, 3}, Scores{0, 1}), 1);
  EXPECT_EQ(auroc(Scores{0, 1}, Scores{2, 3}), 0);
  EXPECT_EQ(auroc(Scores{1, 1}, Scores{1, 1}), 0.5);
  EXPECT_TRUE(std::isnan(auroc(Scores{}, Scores{1})));
}

TEST(Auroc, IntervalHoldsTheValue) {
  const Scores positives = {1, 2, 3, 4, 5, 6}, negatives = {0, 1, 2, 3, 1, 2, 4};
  const Estimate estimate = auroc_interval(positives, negatives, RandomStream(1, "auroc"), {.resamples = 500});
  EXPECT_EQ(estimate.n, 13);
  EXPECT_LT(estimate.low, estimate.value);
  EXPECT_GE(estimate.high, estimate.value);
}

TEST(HitsAtFalseAlarms, AllowsExactlyTheRate) {
  Scores negatives;
  for (int i = 0; i < 300; ++i) negatives.push_back(i);
  const Scores positives = {296, 296.5, 297, 300};
  EXPECT_EQ(hits_at_false_alarms(positives, negatives, 0.01), 0.75);  // three alarms: above 296
  EXPECT_EQ(hits_at_false_alarms(positives, negatives, 0), 0.25);
  EXPECT_EQ(hits_at_false_alarms(positives, negatives, 1), 1);
}

}  // namespace
}  // namespace dormouse::stats
