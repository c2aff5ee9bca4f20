#include "core/base/random.h"

#include <gtest/gtest.h>

namespace dormouse {
namespace {

TEST(RandomStream, IsAFunctionOfSeedLabelAndCounter) {
  RandomStream a(7, "packing");
  RandomStream b(7, "packing");
  RandomStream other_label(7, "sampling");
  RandomStream other_seed(8, "packing");
  const uint64_t first = a.next();
  EXPECT_EQ(first, b.next());
  EXPECT_NE(first, other_label.next());
  EXPECT_NE(first, other_seed.next());
  a.next();
  a.set_counter(0);
  EXPECT_EQ(first, a.next());
}

TEST(RandomStream, UniformHasItsMeanAndVariance) {
  RandomStream stream(1, "uniform");
  double sum = 0, squares = 0;
  constexpr int kDraws = 200000;
  for (int i = 0; i < kDraws; ++i) {
    const double x = stream.uniform();
    ASSERT_GE(x, 0);
    ASSERT_LT(x, 1);
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 0.003);
  EXPECT_NEAR(squares / kDraws, 1.0 / 3, 0.003);
}

TEST(RandomStream, BelowIsUnbiased) {
  RandomStream stream(1, "below");
  std::vector<int> counts(6);
  for (int i = 0; i < 60000; ++i) ++counts[stream.below(6)];
  for (const int count : counts) EXPECT_NEAR(count, 10000, 500);
}

}  // namespace
}  // namespace dormouse
