#include "core/stats/proportion.h"

#include <gtest/gtest.h>

#include <cmath>

namespace dormouse::stats {
namespace {

TEST(Proportion, NothingMeasuredIsNotZero) {
  const Estimate none = proportion(0, 0);
  EXPECT_FALSE(none.defined());
  EXPECT_TRUE(std::isnan(none.value));
  EXPECT_EQ(none.low, 0);
  EXPECT_EQ(none.high, 1);
}

TEST(Proportion, BoundsAreExactAtTheEnds) {
  EXPECT_EQ(proportion(0, 60).low, 0);
  EXPECT_EQ(proportion(60, 60).high, 1);
  EXPECT_NEAR(proportion(0, 60).high, 0.0602, 5e-5);
  EXPECT_NEAR(proportion(60, 60).low, 0.9398, 5e-5);
}

TEST(Proportion, IsSymmetric) {
  const Estimate few = proportion(7, 50), many = proportion(43, 50);
  EXPECT_NEAR(few.low, 1 - many.high, 1e-12);
  EXPECT_NEAR(few.high, 1 - many.low, 1e-12);
}

TEST(Proportion, MoreConfidenceIsWider) {
  EXPECT_LT(proportion(5, 20, 0.99).low, proportion(5, 20, 0.9).low);
  EXPECT_GT(proportion(5, 20, 0.99).high, proportion(5, 20, 0.9).high);
}

TEST(BoundedMean, OfFractionsLiesBetweenTheNeighbouringProportions) {
  const Estimate middle = bounded_mean(7.5, 50);
  EXPECT_GT(middle.low, proportion(7, 50).low);
  EXPECT_LT(middle.low, proportion(8, 50).low);
}

}  // namespace
}  // namespace dormouse::stats
