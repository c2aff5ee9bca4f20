#include "science/measure/share.h"

#include <gtest/gtest.h>

#include <cmath>

namespace dormouse::measure {
namespace {

const Subject kSubject{.model = "organism", .stage = {}, .step = -1, .seed = 3};

TEST(Share, IsWilsonWhereEveryUnitHasOneSample) {
  const Measurement row = share("x.y", "on", {{"a", 1}, {"b", 0}, {"c", 1}, {"d", 1}}, kSubject);
  EXPECT_EQ(row.n, 4);
  EXPECT_EQ(row.value, 0.75);
  EXPECT_NEAR(row.low, 0.3006, 1e-3);
  EXPECT_NEAR(row.high, 0.9544, 1e-3);
  EXPECT_EQ(row.seed, 3);
}

TEST(Share, DoesNotTakeSamplesOfOneUnitForIndependent) {
  std::vector<UnitGrade> clustered, apart;
  for (int i = 0; i < 100; ++i) {
    const double value = i < 50 ? 1 : 0;
    clustered.push_back({std::to_string(i / 10), value});
    apart.push_back({std::to_string(i), value});
  }
  const Measurement wide = share("x", "", clustered, kSubject), narrow = share("x", "", apart, kSubject);
  EXPECT_EQ(wide.value, narrow.value);
  EXPECT_EQ(wide.n, 100);
  EXPECT_GT(wide.high - wide.low, 2 * (narrow.high - narrow.low));

  // All units agree: the interval of 10 grades, not of 100.
  for (auto& grade : clustered) grade.value = 1;
  EXPECT_NEAR(share("x", "", clustered, kSubject).low, 0.7225, 1e-3);
}

TEST(Share, AMeanOfGradesNearZeroIsNotSurerThanAShare) {
  std::vector<UnitGrade> grades(80), hits(80);
  for (std::size_t i = 0; i < grades.size(); ++i) grades[i] = hits[i] = {std::to_string(i), i == 0 ? 1.0 : 0.0};
  grades[0].value = 2.0 / 3;
  const Measurement mean = share("x", "", grades, kSubject), rate = share("x", "", hits, kSubject);
  EXPECT_NEAR(mean.value, rate.value * 2 / 3, 1e-12);
  EXPECT_NEAR(mean.high, 0.0606, 1e-4);  // Wilson's for 2/3 of 80; the bootstrap over one grade says 0.025
  EXPECT_LT(mean.high, rate.high);
  EXPECT_EQ(mean.low, 0);
}

TEST(Share, UnscoredIsNotZero) {
  const Measurement row = share("x", "", {{"a", 1}, {"b", std::nan("")}}, kSubject);
  EXPECT_EQ(row.n, 1);
  EXPECT_EQ(row.unscored, 1);
  EXPECT_EQ(row.value, 1);
  const Measurement none = share("x", "", {{"b", std::nan("")}}, kSubject);
  EXPECT_EQ(none.n, 0);
  EXPECT_EQ(none.low, 0);
  EXPECT_EQ(none.high, 1);
}

}  // namespace
}  // namespace dormouse::measure
