#include "lab/report/charts.h"

#include <gtest/gtest.h>

#include <cmath>

namespace dormouse::lab {
namespace {

TEST(Axis, LinearTicksAreRoundAndCover) {
  const Axis axis = number_axis(0, 23.7, false);
  EXPECT_EQ(axis.ticks, (std::vector<double>{0, 5, 10, 15, 20, 25}));
  EXPECT_DOUBLE_EQ(axis.position(12.5), 50);
  EXPECT_DOUBLE_EQ(axis.position(99), 100);
}

TEST(Axis, LogarithmicOnlyWhenTheValuesSpanFar) {
  EXPECT_FALSE(fitting_axis({18, 19, 25}).log);
  const Axis axis = fitting_axis({18, 20000});
  EXPECT_TRUE(axis.log);
  EXPECT_EQ(axis.ticks, (std::vector<double>{100, 1000, 10000}));
  EXPECT_NEAR(axis.position(std::sqrt(axis.min * axis.max)), 50, 1e-9);
  EXPECT_FALSE(fitting_axis({0, 20000}).log);  // zero has no logarithm
}

TEST(Axis, DegenerateValuesStillGiveAnAxis) {
  for (const auto& values : std::vector<std::vector<double>>{{}, {NAN}, {5, 5}, {0, 0}, {-3, -1}}) {
    const Axis axis = fitting_axis(values);
    EXPECT_LT(axis.min, axis.max);
    EXPECT_TRUE(std::isfinite(axis.position(5)));
  }
}

TEST(BarChart, AMissingValueIsSaidAndNotDrawn) {
  const Bar missing{.tone = Tone::kOn, .key = "trigger on", .value = NAN, .seeds = {}, .number = "", .note = ""};
  const std::string svg = bar_chart({{"organism", "", {missing}}}, share_axis()).bytes();
  EXPECT_NE(svg.find("not measured"), std::string::npos);
  EXPECT_EQ(svg.find("<rect"), std::string::npos);
}

TEST(LineChart, LongSeriesAreThinnedButKeepTheirSpikes) {
  Series series{.label = "loss", .tone = Tone::kNeutral, .strong = true, .marks = false, .points = {}};
  for (int i = 0; i < 100000; ++i) series.points.push_back({double(i), i == 5001 ? 9.0 : 1.0, NAN, NAN});
  LineChart chart{.title = "t",
                  .x_label = "step",
                  .y_label = "loss",
                  .x = number_axis(0, 100000, false),
                  .y = number_axis(0, 10, false),
                  .series = {series}};
  const std::string svg = line_chart(chart).bytes();
  EXPECT_LT(svg.size(), 20000u);
  EXPECT_NE(svg.find(" 100.0L"), std::string::npos);  // the spike: 9 of 10, so 10% below the top
}

}  // namespace
}  // namespace dormouse::lab
