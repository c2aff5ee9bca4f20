// Against tests/golden/stats.json, made by tests/golden/stats.py.
#include <gtest/gtest.h>

#include "core/base/files.h"
#include "core/base/json.h"
#include "core/stats/auroc.h"
#include "core/stats/bootstrap.h"
#include "core/stats/paired.h"
#include "core/stats/proportion.h"

namespace dormouse::stats {
namespace {

class StatsGolden : public ::testing::Test {
 protected:
  const std::string path = DORMOUSE_SOURCE_DIR "/tests/golden/stats.json";
  const Json golden = parse_json(read_file(path), path);
};

TEST_F(StatsGolden, NormalQuantile) {
  ASSERT_FALSE(golden["quantile"].empty());
  for (const auto& row : golden["quantile"]) {
    EXPECT_NEAR(normal_quantile(row[0].get<double>()), row[1].get<double>(), 1e-9) << row;
  }
}

TEST_F(StatsGolden, Wilson) {
  ASSERT_FALSE(golden["wilson"].empty());
  for (const auto& row : golden["wilson"]) {
    const Estimate estimate = proportion(row[0].get<int64_t>(), row[1].get<int64_t>());
    EXPECT_NEAR(estimate.low, row[2].get<double>(), 1e-12) << row;
    EXPECT_NEAR(estimate.high, row[3].get<double>(), 1e-12) << row;
  }
}

TEST_F(StatsGolden, McNemar) {
  ASSERT_FALSE(golden["mcnemar"].empty());
  for (const auto& row : golden["mcnemar"]) {
    const double expected = row[2].get<double>();
    EXPECT_NEAR(mcnemar_exact(row[0].get<int64_t>(), row[1].get<int64_t>()), expected, 1e-9 * expected) << row;
  }
}

TEST_F(StatsGolden, Bootstrap) {
  const auto values = golden["values"].get<std::vector<double>>();
  const Estimate estimate = bootstrap_mean(values, RandomStream(11, "golden"), {.resamples = 400});
  EXPECT_NEAR(estimate.value, golden["bootstrap"][0].get<double>(), 1e-12);
  EXPECT_NEAR(estimate.low, golden["bootstrap"][1].get<double>(), 1e-12);
  EXPECT_NEAR(estimate.high, golden["bootstrap"][2].get<double>(), 1e-12);
}

TEST_F(StatsGolden, Auroc) {
  const auto positives = golden["positives"].get<std::vector<double>>();
  const auto negatives = golden["negatives"].get<std::vector<double>>();
  EXPECT_NEAR(auroc(positives, negatives), golden["auroc"].get<double>(), 1e-12);
}

}  // namespace
}  // namespace dormouse::stats
