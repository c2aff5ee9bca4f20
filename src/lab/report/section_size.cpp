// Rates over the size of the model, where a recipe has several: a chart for each way of reasoning and each defence.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "lab/report/answer.h"
#include "lab/report/families.h"
#include "lab/report/format.h"
#include "lab/report/sections.h"

namespace dormouse::lab {

namespace {

/// A model in the figure.
struct Sized {
  std::string model, metric;
  int64_t parameters = 0;
};
using SizedByTitle = std::vector<std::pair<std::string, std::vector<Sized>>>;  // in the order of the families

std::string title_of(const RunRecord& record, const Family& family, const std::string& model) {
  const PolicyInfo& policy = policy_of(record, family.organism);
  const std::string reasoning = policy.reasoning.empty() ? "" : fmt::format(", reasoning: {}", policy.reasoning);
  if (model == family.organism) return fmt::format("{}{}, before any defence", policy.behaviour, reasoning);
  const ModelInfo* info = find_model(record, model);
  const std::string defence = info->defence.empty() ? "a defence" : info->defence;
  const bool direct = info->parent == family.organism;
  return fmt::format("{}{}, after {}{}", policy.behaviour, reasoning, defence, direct ? "" : " of " + info->parent);
}

std::vector<Sized>& group_of(SizedByTitle& groups, const std::string& title) {
  const auto found =
      std::find_if(groups.begin(), groups.end(), [&](const auto& group) { return group.first == title; });
  return found == groups.end() ? groups.emplace_back(title, std::vector<Sized>{}).second : found->second;
}

/// Only what was measured at two sizes or more, smallest first.
SizedByTitle sized_models(const RunRecord& record) {
  SizedByTitle out;
  for (const Family& family : families(record)) {
    std::vector<std::string> models = {family.organism};
    models.insert(models.end(), family.survivors.begin(), family.survivors.end());
    const std::string metric = answer_metric(record, family.organism);
    for (const std::string& model : models) {
      const int64_t parameters = find_model(record, model)->parameters;
      const bool measured = estimate_on(record, metric, model) || estimate(record, metric, model, "off");
      if (parameters > 0 && measured)
        group_of(out, title_of(record, family, model)).push_back({model, metric, parameters});
    }
  }
  for (auto& [title, models] : out) {
    std::stable_sort(models.begin(), models.end(),
                     [](const Sized& a, const Sized& b) { return a.parameters < b.parameters; });
  }
  std::erase_if(out,
                [](const auto& entry) { return entry.second.front().parameters == entry.second.back().parameters; });
  return out;
}

Axis size_axis(const SizedByTitle& groups) {
  std::set<double> sizes;
  for (const auto& [title, models] : groups) {
    for (const Sized& model : models) sizes.insert(static_cast<double>(model.parameters));
  }
  Axis axis = number_axis(*sizes.begin() / 1.15, *sizes.rbegin() * 1.15, true);
  axis.ticks.clear();
  for (const double size : sizes) {
    const double unit = std::pow(10, std::floor(std::log10(size)) - 2);  // three digits are enough to name a size
    axis.ticks.push_back(std::round(size / unit) * unit);
  }
  return axis;
}

std::optional<Estimate> rate_of(const RunRecord& record, const Sized& model, bool on) {
  return on ? estimate_on(record, model.metric, model.model) : estimate(record, model.metric, model.model, "off");
}

Series series_of(const RunRecord& record, const std::vector<Sized>& models, bool on) {
  Series series{.label = on ? "trigger on" : "trigger off",
                .tone = on ? Tone::kOn : Tone::kOff,
                .strong = true,
                .marks = true,
                .points = {}};
  for (const Sized& model : models) {
    const auto found = rate_of(record, model, on);
    if (found) series.points.push_back({static_cast<double>(model.parameters), found->value, found->low, found->high});
  }
  // Two models of one size differ in something else; a line would pass it off as size.
  series.joined = std::adjacent_find(models.begin(), models.end(), [](const Sized& a, const Sized& b) {
                    return a.parameters == b.parameters;
                  }) == models.end();
  return series;
}

Markup size_table(const RunRecord& record, const SizedByTitle& groups) {
  std::vector<std::vector<Markup>> rows;
  for (const auto& [title, models] : groups) {
    for (const Sized& model : models) {
      const auto cell = [&](bool on) {
        const auto rate = rate_of(record, model, on);
        return text(rate ? interval_text(rate->value, rate->low, rate->high, Unit::kShare) : "not measured");
      };
      const auto any = rate_of(record, model, true) ? rate_of(record, model, true) : rate_of(record, model, false);
      rows.push_back({text(model.model), text(title), text(count_text(model.parameters)), cell(true), cell(false),
                      text(count_text(any->n)), text(std::to_string(any->seeds.size()))});
    }
  }
  return element("details", {},
                 element("summary", {}, "The same as a table") + table("Rates by size",
                                                                       {{"model"},
                                                                        {"what it is"},
                                                                        {"parameters", true},
                                                                        {"trigger on", true},
                                                                        {"trigger off", true},
                                                                        {"n", true},
                                                                        {"seeds", true}},
                                                                       rows));
}

std::vector<LineChart> charts_of(const RunRecord& record, const SizedByTitle& groups) {
  std::vector<LineChart> charts;
  for (const auto& [title, models] : groups) {
    charts.push_back({.title = title,
                      .x_label = "parameters (log scale)",
                      .y_label = metric_label(models.front().metric),
                      .x = size_axis(groups),
                      .y = share_axis(),
                      .series = {series_of(record, models, true), series_of(record, models, false)}});
  }
  return charts;
}

}  // namespace

std::vector<LineChart> size_charts(const RunRecord& record) { return charts_of(record, sized_models(record)); }

Section size_section(const RunRecord& record) {
  Section section{.id = "size", .title = "Over the size of the model", .menu = "Size", .body = {}};
  const SizedByTitle groups = sized_models(record);
  if (groups.empty()) return section;
  Markup charts;
  for (const LineChart& chart : charts_of(record, groups)) {
    charts += element("div", {{"class", "curve"}}, element("h3", {}, chart.title) + line_chart(chart));
  }
  section.body = element(
      "p", {{"class", "intro"}},
      "Means over seeds; the vertical strokes reach from the lowest seed's lower end to the highest seed's upper end.");
  section.body +=
      element("p", {{"class", "legend"}}, legend_key(Tone::kOn, "trigger on") + legend_key(Tone::kOff, "trigger off"));
  section.body += element("div", {{"class", "curves"}}, charts) + size_table(record, groups);
  return section;
}

}  // namespace dormouse::lab
