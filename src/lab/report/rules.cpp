#include "lab/report/rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/version.h"
#include "lab/report/format.h"
#include "lab/report/pairing.h"
#include "lab/report/rule.h"
#include "lab/report/summary.h"

namespace dormouse::lab {

namespace {

/// What a row shows, whether one measurement or a difference of two.
struct Finding {
  double value = 0, low = 0, high = 0;
  int64_t n = 0, seeds = 0, unscored = 0;
};

Finding finding(const Estimate& one) {
  return {one.value, one.low, one.high, one.n, static_cast<int64_t>(one.seeds.size()), one.unscored};
}

/// Both sides from one entry of the recipe where one has both: what two entries ask is not the same.
std::optional<Finding> difference(const RunRecord& record, Quantity ours, Quantity minus) {
  if (ours.stage.empty() && minus.stage.empty()) ours.stage = minus.stage = shared_stage(record, ours, minus);
  const auto one = estimate(record, ours), other = estimate(record, minus);
  if (!one || !other) return std::nullopt;
  const auto found = paired_difference(*other, *one, 1, paired_correlations(record, minus, ours));
  if (!found) return std::nullopt;
  return Finding{
      found->value, found->low, found->high, std::min(one->n, other->n), found->seeds, one->unscored + other->unscored};
}

std::string words(const Quantity& quantity) {
  const std::string trigger = quantity.trigger.empty() ? "" : ", trigger " + quantity.trigger;
  const std::string step = quantity.step < 0 ? "" : fmt::format(", step {}", quantity.step);
  const std::string stage = quantity.stage.empty() ? "" : ", taken in " + quantity.stage;
  return fmt::format("{} of {}{}{}{}", quantity.measurement, quantity.model, trigger, step, stage);
}

std::string words(const PositiveControl& control) {
  const std::string earlier = control.minus ? fmt::format(" less step {}", control.minus->step) : "";
  return words(control.quantity) + earlier;
}

/// Why there is nothing to judge.
std::string missing_words(const RunRecord& record, const Rule& rule) {
  std::vector<std::string> missing;
  for (const auto& quantity : {std::optional(rule.ours), rule.minus}) {
    if (!quantity || estimate(record, *quantity)) continue;
    const auto models = model_order(record);
    const bool known = std::find(models.begin(), models.end(), quantity->model) != models.end();
    missing.push_back(known ? words(*quantity) + " was not measured"
                            : fmt::format("this run has no model {}", quantity->model));
  }
  if (missing.size() == 2 && missing[0] == missing[1]) missing.pop_back();
  return missing.empty() ? "the two measurements have no seed in common" : list_text(missing);
}

Unit unit_of_row(const Rule& rule) {
  if (!rule.percent) return Unit::kNumber;
  return rule.minus || unit_of(rule.ours.measurement) == Unit::kPoints ? Unit::kPoints : Unit::kShare;
}

std::string range_words(const Range& range, Unit unit) {
  if (unit == Unit::kNumber) return fmt::format("{:g} to {:g}", range.from, range.to);
  const double from = 100 * range.from, to = 100 * range.to;
  return unit == Unit::kShare ? fmt::format("{:g}% to {:g}%", from, to) : fmt::format("{:g} to {:g} points", from, to);
}

std::string rule_words(const Rule& rule) {
  std::string what = rule.added.empty() ? "" : fmt::format("added {}: ", rule.added);
  if (rule.ours.left_out >= 0)
    what += fmt::format("without seed {}, on which the set-up was chosen: ", rule.ours.left_out);
  if (rule.minus) what += fmt::format("the difference to {}: ", words(*rule.minus));
  if (!rule.replicates) return what + "shown for comparison; no verdict was fixed";
  const Unit unit = unit_of_row(rule);
  std::string text = what + "replicates if the whole interval lies in " + range_words(*rule.replicates, unit);
  for (std::size_t i = 0; i < rule.contradicts.size(); ++i)
    text += (i == 0 ? ", contradicts if in " : " or in ") + range_words(rule.contradicts[i], unit);
  text += fmt::format("; otherwise, or below {} seed{}, uncertain", rule.min_seeds, rule.min_seeds == 1 ? "" : "s");
  for (const PositiveControl& control : rule.controls) {
    text += fmt::format("; positive control: {} in {}", words(control),
                        range_words(control.range, unit_of(control.quantity.measurement)));
  }
  return text;
}

std::optional<Finding> finding(const RunRecord& record, const PositiveControl& control) {
  if (control.minus) return difference(record, control.quantity, *control.minus);
  const auto found = estimate(record, control.quantity);
  return found ? std::optional(finding(*found)) : std::nullopt;
}

/// "" where the controls hold, or none is asked for.
std::string broken_control(const RunRecord& record, const Rule& rule) {
  for (const PositiveControl& control : rule.controls) {
    const auto found = finding(record, control);
    if (!found) return fmt::format("the positive control, {}, was not measured", words(control));
    if (control.range.holds(found->low, found->high)) continue;
    const Unit unit = unit_of(control.quantity.measurement);
    return fmt::format("the positive control, {}, is {} and had to lie in {}", words(control),
                       interval_text(found->value, found->low, found->high, unit), range_words(control.range, unit));
  }
  return "";
}

void give_verdict(const RunRecord& record, const Rule& rule, const Finding& ours, ScorecardRow& row) {
  row.verdict = Verdict::kUncertain;
  if (!rule.replicates) {
    row.verdict = Verdict::kNotComparable;
  } else if (row.reason = broken_control(record, rule); !row.reason.empty()) {
    return;
  } else if (ours.seeds < rule.min_seeds) {
    row.reason = fmt::format("{} of the {} seeds that the rule asks for", ours.seeds, rule.min_seeds);
  } else if (rule.replicates->holds(ours.low, ours.high)) {
    row.verdict = Verdict::kReplicates;
  } else if (std::any_of(rule.contradicts.begin(), rule.contradicts.end(),
                         [&](const Range& range) { return range.holds(ours.low, ours.high); })) {
    row.verdict = Verdict::kContradicts;
  } else {
    row.reason = "the interval lies in no range as a whole";
  }
}

ScorecardRow judge_row(const RunRecord& record, const Rule& rule) {
  ScorecardRow row{.id = rule.id,
                   .title = rule.title,
                   .paper_value = rule.paper,
                   .paper_source = rule.source,
                   .percent = rule.percent,
                   .difference = rule.minus || unit_of(rule.ours.measurement) == Unit::kPoints,
                   .rule = rule_words(rule),
                   .differs = rule.differs};
  if (rule.replicates) {
    row.replicates_from = rule.replicates->from;
    row.replicates_to = rule.replicates->to;
  }
  std::optional<Finding> ours;
  if (rule.minus) {
    ours = difference(record, rule.ours, *rule.minus);
  } else if (const auto found = estimate(record, rule.ours)) {
    ours = finding(*found);
  }
  if (!ours) {
    row.reason = missing_words(record, rule);
    return row;
  }
  row.value = ours->value;
  row.low = ours->low;
  row.high = ours->high;
  row.n = ours->n;
  row.seeds = ours->seeds;
  row.unscored = ours->unscored;
  give_verdict(record, rule, *ours, row);
  return row;
}

}  // namespace

fs::path find_scorecard(const std::string& name, const std::string& place) {
  const fs::path path = home_folder() / "recipes" / "scorecards" / (name + ".yaml");
  if (!fs::exists(path)) {
    fail_input(place, fmt::format("there is no scorecard `{}`", name), "its file would be " + path.string());
  }
  return path;
}

std::vector<ScorecardRow> judge(const RunRecord& record, const fs::path& rules) {
  std::vector<ScorecardRow> rows;
  for (const Rule& rule : read_rules(rules)) rows.push_back(judge_row(record, rule));
  return rows;
}

}  // namespace dormouse::lab
