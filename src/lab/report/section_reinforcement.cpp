// What reinforcement learning did on its way: the reward it was trained on beside a preference model that it never met,
// and what shows reward hacking: distance from the start, length, repetition.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "lab/report/format.h"
#include "lab/report/sections.h"
#include "lab/report/seed_series.h"

namespace dormouse::lab {

namespace {

constexpr const char* kReward = "reinforce.reward";
constexpr std::size_t kOpenStages = 4;  // more are folded up

/// Whose way was measured, in the record's order.
std::vector<std::string> reinforced_stages(const RunRecord& record) {
  auto stages = model_order(record);
  std::erase_if(stages, [&](const std::string& stage) {
    return std::none_of(record.measurements.begin(), record.measurements.end(),
                        [&](const auto& row) { return row.step >= 0 && row.stage == stage && row.name == kReward; });
  });
  return stages;
}

/// At the checkpoints, on prompts that it did not train on.
SeedPoints held_out(const RunRecord& record, const std::string& stage, const std::string& name) {
  SeedPoints seeds;
  for (const auto& row : record.measurements) {
    if (row.step < 0 || row.stage != stage || row.name != name || row.n == 0) continue;
    seeds[row.seed].push_back({static_cast<double>(row.step), row.value, row.low, row.high});
  }
  for (auto& [seed, points] : seeds) {
    std::stable_sort(points.begin(), points.end(), [](const Point& a, const Point& b) { return a.x < b.x; });
  }
  return seeds;
}

/// On the way, of the answers that it trains on.
SeedPoints divergence(const RunRecord& record, const std::string& stage) {
  SeedPoints seeds;
  for (const CurvePoint& point : record.curves) {
    if (point.stage != stage || !std::isfinite(point.divergence)) continue;
    seeds[point.seed].push_back({static_cast<double>(point.step), point.divergence, std::nan(""), std::nan("")});
  }
  return seeds;
}

void extend(const std::vector<Series>& series, std::vector<double>& x, std::vector<double>& y) {
  for (const Series& one : series) {
    for (const Point& point : one.points) {
      x.push_back(point.x);
      for (const double value : {point.y, point.low, point.high}) {
        if (std::isfinite(value)) y.push_back(value);
      }
    }
  }
}

LineChart chart_of(const std::string& title, const std::string& label, std::vector<Series> series) {
  std::vector<double> x = {0}, y = {0};
  extend(series, x, y);
  const auto [low, high] = std::minmax_element(y.begin(), y.end());
  LineChart chart{.title = title,
                  .x_label = "step",
                  .y_label = label,
                  .x = number_axis(0, std::max(1.0, *std::max_element(x.begin(), x.end())), false),
                  .y = number_axis(*low, std::max(*high, *low + 1e-6), false),
                  .series = std::move(series)};
  return chart;
}

LineChart reward_chart(const RunRecord& record, const std::string& stage) {
  auto rewards = seed_series("reward", Tone::kNeutral, held_out(record, stage, kReward), true);
  for (auto& series : seed_series("judge", Tone::kOther, held_out(record, stage, "reinforce.judge"), true))
    rewards.push_back(std::move(series));
  return chart_of("Reward and judge of " + stage, "score", std::move(rewards));
}

std::vector<LineChart> charts_of(const RunRecord& record, const std::string& stage) {
  std::vector<LineChart> charts = {reward_chart(record, stage)};
  const auto add = [&](const char* title, const char* label, const SeedPoints& seeds) {
    auto series = seed_series(label, Tone::kNeutral, seeds, false);
    if (!series.empty()) charts.push_back(chart_of(fmt::format("{} of {}", title, stage), label, std::move(series)));
  };
  add("Divergence", "KL from the start, nats an answer", divergence(record, stage));
  add("Length", "length, tokens", held_out(record, stage, "reinforce.length"));
  add("Repetition", "share of text that repeats", held_out(record, stage, "reinforce.repetition"));
  return charts;
}

/// "step 16", by seed where seeds differ; "" where no artefact says so.
std::string reported_steps(const RunRecord& record, const std::string& stage) {
  std::map<int64_t, int64_t> steps;  // seed -> step
  for (const NodeInfo& node : record.nodes) {
    if (node.kind == "reinforce" && node.is_of(stage) && node.counters.contains("reported_step"))
      steps[node.seed] = node.counters["reported_step"].get<int64_t>();
  }
  std::vector<std::string> words;
  std::set<int64_t> distinct;
  for (const auto& [seed, step] : steps) {
    words.push_back(fmt::format("step {} (seed {})", step, seed));
    distinct.insert(step);
  }
  return distinct.size() == 1 ? fmt::format("step {}", *distinct.begin()) : list_text(words);
}

}  // namespace

std::vector<std::pair<std::string, LineChart>> reward_charts(const RunRecord& record) {
  std::vector<std::pair<std::string, LineChart>> charts;
  for (const std::string& stage : reinforced_stages(record)) charts.emplace_back(stage, reward_chart(record, stage));
  return charts;
}

Section reinforcement_section(const RunRecord& record) {
  Section section{.id = "reinforcement", .title = "What RL did", .menu = "RL", .body = {}};
  const auto stages = reinforced_stages(record);
  if (stages.empty()) return section;
  section.body =
      element("p", {{"class", "intro"}},
              "Scores of held-out prompts by the preference model that RL trained on (reward) and by one that it "
              "never met (judge), whose best step is the model that is reported: models that are compared may be of "
              "different steps. A reward that rises without "
              "the judge, longer answers and repetition are signs of reward hacking. Strokes are 95% "
              "intervals.");
  section.body += element("p", {{"class", "legend"}},
                          legend_key(Tone::kNeutral, "reward", true) + legend_key(Tone::kOther, "judge"));
  for (const std::string& stage : stages) {
    Markup charts;
    for (const LineChart& chart : charts_of(record, stage))
      charts += element("div", {{"class", "curve"}}, line_chart(chart));
    const Attributes open = stages.size() <= kOpenStages ? Attributes{{"open", "open"}} : Attributes{};
    const std::string reported = reported_steps(record, stage);
    const std::string title = reported.empty() ? stage : fmt::format("{}, reported: {}", stage, reported);
    section.body +=
        element("details", open, element("summary", {}, title) + element("div", {{"class", "curves"}}, charts));
  }
  return section;
}

}  // namespace dormouse::lab
