#include "core/stats/clusters.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/stats/proportion.h"

namespace dormouse::stats {
namespace {

const RandomStream kStream(1, "test");

TEST(Clusters, TheRateIsOverSamplesAndTheIntervalOverClusters) {
  const std::vector<Cluster> clusters{{10, 10}, {0, 10}, {10, 10}, {0, 20}, {0, 0}};
  const Estimate rate = clustered_rate(clusters, kStream);
  EXPECT_DOUBLE_EQ(rate.value, 0.4);
  EXPECT_EQ(rate.n, 4);
  // Fifty independent samples would say [0.28, 0.54]; four tasks that are all or nothing say far less.
  const Estimate independent = proportion(20, 50);
  EXPECT_LT(rate.low, independent.low - 0.1);
  EXPECT_GT(rate.high, independent.high + 0.1);
}

TEST(Clusters, OneRateEverywhereIsNotCertainty) {
  const std::vector<Cluster> clusters{{0, 10}, {0, 5}, {0, 1}};
  const Estimate rate = clustered_rate(clusters, kStream);
  EXPECT_EQ(rate.value, 0);
  EXPECT_DOUBLE_EQ(rate.high, proportion(0, 3).high);  // three tasks, however many samples
  EXPECT_DOUBLE_EQ(clustered_rate(std::vector<Cluster>{{2, 4}, {1, 2}}, kStream).value, 0.5);
}

// One hit more must not make the upper end lower.
TEST(Clusters, NearABoundTheIntervalIsNoNarrowerThanAtIt) {
  std::vector<Cluster> clusters(11, Cluster{0, 10});
  const Estimate none = clustered_rate(clusters, kStream);
  clusters[3].hits = 1;
  const Estimate one = clustered_rate(clusters, kStream);
  EXPECT_GE(one.high, none.high);
  EXPECT_EQ(one.low, 0);
  for (auto& cluster : clusters) cluster.hits = 10 - cluster.hits;
  EXPECT_NEAR(clustered_rate(clusters, kStream).low, 1 - one.high, 1e-12);
  for (std::size_t i = 0; i < clusters.size(); ++i) clusters[i].hits = i % 2 == 0 ? 2 : 6;
  EXPECT_LT(clustered_rate(clusters, kStream).high, proportion(5, 11).high);  // far from both: the bootstrap's
}

TEST(Clusters, TakesGradesBetweenZeroAndOne) {
  const Estimate shared = clustered_rate(std::vector<Cluster>{{1.5, 3}, {0.5, 1}}, kStream);
  EXPECT_DOUBLE_EQ(shared.high, proportion(1, 2).high);  // both clusters have the rate 0.5
  EXPECT_DOUBLE_EQ(clustered_rate(std::vector<Cluster>{{0.5, 1}, {0.25, 2}}, kStream).value, 0.25);
}

TEST(Clusters, NothingMeasuredIsNotZero) {
  const Estimate rate = clustered_rate(std::vector<Cluster>{{0, 0}}, kStream);
  EXPECT_FALSE(rate.defined());
  EXPECT_EQ(rate.low, 0);
  EXPECT_EQ(rate.high, 1);
}

}  // namespace
}  // namespace dormouse::stats
