// Rates at checkpoints, and the loss below them, a column per training stage.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "lab/report/answer.h"
#include "lab/report/families.h"
#include "lab/report/format.h"
#include "lab/report/sections.h"
#include "lab/report/seed_series.h"

namespace dormouse::lab {

namespace {

using measure::Measurement;

constexpr std::size_t kOpenStages = 6;  // more are folded up, an organism a fold

/// Stages that trained, in the recipe's order.
std::vector<std::string> training_stages(const RunRecord& record) {
  std::set<std::string> trained;
  for (const CurvePoint& point : record.curves) trained.insert(point.stage);
  for (const Measurement& row : record.measurements) {
    if (row.step >= 0 && !row.stage.empty()) trained.insert(row.stage);
  }
  std::vector<std::string> out;
  for (const std::string& model : model_order(record)) {
    if (trained.erase(model) > 0) out.push_back(model);
  }
  out.insert(out.end(), trained.begin(), trained.end());
  return out;
}

/// What a stage's checkpoints were measured by: the answer's own metric if there are checkpoints of it anywhere, else
/// the stage's first.
std::string checkpoint_metric(const RunRecord& record, const std::string& stage) {
  const std::string preferred = answer_metric(record, organism_of(record, stage));
  std::set<std::string> names;
  for (const Measurement& row : record.measurements) {
    if (row.step < 0 || !is_rate(row.name)) continue;
    if (row.name == preferred) return preferred;
    if (row.stage == stage) names.insert(row.name);
  }
  return names.empty() ? "" : *names.begin();
}

void add(std::vector<Series>& to, std::vector<Series> more) {
  std::move(more.begin(), more.end(), std::back_inserter(to));
}

/// The final rows of `model` with the seed, metric and stage of `like`, put at `step`.
void add_final_rows(const RunRecord& record, const std::string& model, const Measurement& like, int64_t step,
                    std::vector<Measurement>& to) {
  for (const Measurement& row : record.measurements) {
    if (row.step >= 0 || row.model != model || row.name != like.name || row.seed != like.seed || row.n == 0) continue;
    to.push_back(row);
    to.back().stage = like.stage;
    to.back().step = step;
  }
}

/// What was measured on the way, between the model that the stage began with and the one it ended with.
std::vector<Measurement> checkpoint_rows(const RunRecord& record, const std::string& stage, const std::string& metric) {
  std::vector<Measurement> rows;
  std::map<int64_t, int64_t> last_step;  // by seed
  for (const CurvePoint& point : record.curves) {
    if (point.stage == stage) last_step[point.seed] = std::max(last_step[point.seed], point.step);
  }
  const ModelInfo* info = find_model(record, stage);
  for (const auto& [seed, last] : last_step) {
    Measurement like;
    like.stage = stage;
    like.name = metric;
    like.seed = seed;
    if (info != nullptr) add_final_rows(record, info->parent, like, 0, rows);
    add_final_rows(record, stage, like, last, rows);
  }
  for (const Measurement& row : record.measurements) {
    if (row.step >= 0 && row.stage == stage && row.name == metric && row.n > 0) rows.push_back(row);
  }
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.step < b.step; });
  return rows;
}

LineChart rate_chart(const RunRecord& record, const std::string& stage, const std::string& metric) {
  std::map<std::string, SeedPoints> by_trigger;
  for (const Measurement& row : checkpoint_rows(record, stage, metric)) {
    by_trigger[row.trigger][row.seed].push_back({static_cast<double>(row.step), row.value, row.low, row.high});
  }
  LineChart chart{.title = fmt::format("Rate at checkpoints of {}", stage),
                  .x_label = "step",
                  .y_label = metric_label(metric),
                  .x = {},
                  .y = share_axis(),
                  .series = {}};
  for (const auto& [trigger, seeds] : by_trigger) {
    add(chart.series, seed_series(trigger_text(record, trigger), trigger_tone(record, trigger), seeds, true));
  }
  return chart;
}

LineChart loss_chart(const RunRecord& record, const std::string& stage) {
  SeedPoints train, validation;
  std::vector<double> values;
  for (const CurvePoint& point : record.curves) {
    if (point.stage != stage) continue;
    const double x = static_cast<double>(point.step), none = std::nan("");
    if (std::isfinite(point.train_loss)) train[point.seed].push_back({x, point.train_loss, none, none});
    if (std::isfinite(point.validation_loss)) validation[point.seed].push_back({x, point.validation_loss, none, none});
    values.insert(values.end(), {point.train_loss, point.validation_loss});
  }
  const auto by_step = [](const Point& a, const Point& b) { return a.x < b.x; };
  for (SeedPoints* seeds : {&train, &validation}) {
    for (auto& [seed, points] : *seeds) std::stable_sort(points.begin(), points.end(), by_step);
  }
  LineChart chart{.title = fmt::format("Loss of {}", stage),
                  .x_label = "step",
                  .y_label = "loss, nats a token",
                  .x = {},
                  .y = fitting_axis(values),
                  .series = {}};
  if (chart.y.log) chart.y_label += " (log scale)";
  add(chart.series, seed_series("training loss", Tone::kNeutral, train, false));
  add(chart.series, seed_series("validation loss", Tone::kOther, validation, true));
  return chart;
}

Markup stage_column(const RunRecord& record, const std::string& stage) {
  LineChart rates = rate_chart(record, stage, checkpoint_metric(record, stage)), loss = loss_chart(record, stage);
  double last = 0;
  for (const LineChart* chart : {&rates, &loss}) {
    for (const Series& series : chart->series) {
      for (const Point& point : series.points) last = std::max(last, point.x);
    }
  }
  rates.x = loss.x = number_axis(0, last, false);
  rates.x.max = loss.x.max = last > 0 ? last : 1;  // both charts end with the training
  std::erase_if(rates.x.ticks, [&](double tick) { return tick > rates.x.max; });
  loss.x.ticks = rates.x.ticks;
  Markup out = element("h3", {}, stage);
  if (!rates.series.empty()) out += line_chart(rates);
  if (!loss.series.empty()) out += line_chart(loss);
  return element("div", {{"class", "curve"}}, out);
}

Markup columns_of(const RunRecord& record, const std::vector<std::string>& stages) {
  Markup columns;
  for (const std::string& stage : stages) columns += stage_column(record, stage);
  return columns.empty() ? columns : element("div", {{"class", "curves"}}, columns);
}

/// An organism and its survivors to a fold, the rest in one of its own; open where there are few stages.
Markup folded_columns(const RunRecord& record, const std::vector<std::string>& stages) {
  std::map<std::string, std::vector<std::string>> by_organism;
  for (const std::string& stage : stages) by_organism[organism_of(record, stage)].push_back(stage);
  Markup out;
  const auto add = [&](const std::string& organism, const std::string& title) {
    const auto found = by_organism.find(organism);
    if (found == by_organism.end()) return;
    const Attributes open = stages.size() <= kOpenStages ? Attributes{{"open", "open"}} : Attributes{};
    const std::string summary = fmt::format("{} ({})", title, fmt::join(found->second, ", "));
    out += element("details", open, element("summary", {}, summary) + columns_of(record, found->second));
  };
  for (const Family& family : families(record)) add(family.organism, family.organism);
  add("", "Controls");
  return out;
}

Markup numbers_table(const RunRecord& record) {
  std::vector<std::vector<Markup>> rows;
  for (const std::string& stage : training_stages(record)) {
    const std::string metric = checkpoint_metric(record, stage);
    for (const Measurement& row : checkpoint_rows(record, stage, metric)) {
      rows.push_back({text(stage), text(std::to_string(row.seed)), text(count_text(row.step)),
                      text(trigger_text(record, row.trigger)),
                      text(interval_text(row.value, row.low, row.high, unit_of(metric))), text(count_text(row.n))});
    }
  }
  if (rows.empty()) return {};
  return element(
      "details", {},
      element("summary", {}, "The same as a table") +
          table("Rates at checkpoints",
                {{"stage"}, {"seed", true}, {"step", true}, {"trigger"}, {"rate [95% interval]", true}, {"n", true}},
                rows));
}

}  // namespace

Section curves_section(const RunRecord& record) {
  Section section{.id = "curves", .title = "While it was trained", .menu = "Curves", .body = {}};
  const auto stages = training_stages(record);
  const Markup columns = families(record).size() < 2 ? columns_of(record, stages) : folded_columns(record, stages);
  if (columns.empty()) return section;
  section.body = element("p", {{"class", "intro"}},
                         "A column per training stage: the rate at checkpoints above (with the models it began and "
                         "ended with), the loss below. With several seeds "
                         "thin lines are single seeds and the strong line is their mean; with one seed the vertical "
                         "strokes are 95% intervals.");
  section.body +=
      element("p", {{"class", "legend"}},
              legend_key(Tone::kOn, "trigger on") + legend_key(Tone::kOff, "trigger off") +
                  legend_key(Tone::kNeutral, "training loss", true) + legend_key(Tone::kOther, "validation loss"));
  section.body += columns;
  section.body += numbers_table(record);
  return section;
}

}  // namespace dormouse::lab
