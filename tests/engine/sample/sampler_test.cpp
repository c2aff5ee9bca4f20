#include "engine/sample/sampler.h"

#include <gtest/gtest.h>

namespace dormouse::sample {
namespace {

std::vector<Candidate> candidates(std::vector<float> logits) {
  std::vector<Candidate> all;
  for (std::size_t i = 0; i < logits.size(); ++i) all.push_back({static_cast<int32_t>(i), logits[i]});
  return all;
}

std::vector<int32_t> ids(const std::vector<Candidate>& all) {
  std::vector<int32_t> list;
  for (const auto& candidate : all) list.push_back(candidate.id);
  return list;
}

TEST(Sampler, MostLikelyTakesTheFirstOfEquals) { EXPECT_EQ(most_likely(std::vector<float>{1, 3, 3, 2}), 1); }

TEST(Sampler, TopK) {
  auto all = candidates({1, 4, 2, 4});
  keep_top_k(all, 3);
  EXPECT_EQ(ids(all), (std::vector<int32_t>{1, 3, 2}));
  keep_top_k(all, 0);
  EXPECT_EQ(all.size(), 3u);
  keep_top_k(all, 9);
  EXPECT_EQ(all.size(), 3u);
}

TEST(Sampler, TemperatureDividesTheLogits) {
  auto all = candidates({0, 2});
  weigh(all, 2.0);
  EXPECT_NEAR(all[0].weight, std::exp(-1.0), 1e-6);
  EXPECT_NEAR(all[1].weight, 1.0, 1e-6);
}

TEST(Sampler, TopPKeepsTheSmallestSetThatReachesTheShare) {
  auto all = candidates({std::log(0.2f), std::log(0.5f), std::log(0.3f)});
  weigh(all, 1.0);
  auto half = all, most = all, tiny = all, every = all;
  keep_top_p(half, 0.49);
  keep_top_p(most, 0.6);
  keep_top_p(tiny, 0.0);
  keep_top_p(every, 1.0);
  EXPECT_EQ(ids(half), (std::vector<int32_t>{1}));
  EXPECT_EQ(ids(most), (std::vector<int32_t>{1, 2}));
  EXPECT_EQ(ids(tiny), (std::vector<int32_t>{1}));
  EXPECT_EQ(every.size(), 3u);
}

TEST(Sampler, DrawsInProportionToTheProbabilities) {
  const std::vector<float> logits{std::log(1.0f), std::log(2.0f), std::log(7.0f)};
  RandomStream random(1, "draws");
  std::vector<int> counts(3);
  for (int i = 0; i < 20000; ++i) ++counts[static_cast<std::size_t>(draw_token(logits, {}, random))];
  EXPECT_NEAR(counts[0] / 20000.0, 0.1, 0.01);
  EXPECT_NEAR(counts[1] / 20000.0, 0.2, 0.012);
  EXPECT_NEAR(counts[2] / 20000.0, 0.7, 0.012);
}

}  // namespace
}  // namespace dormouse::sample
