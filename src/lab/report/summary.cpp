#include "lab/report/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

namespace dormouse::lab {

namespace {

using measure::Measurement;

struct MetricWord {
  const char* suffix;
  const char* label;
};
constexpr std::array<MetricWord, 6> kMetricWords = {{{"contains", "contains the phrase"},
                                                     {"begins", "begins with the phrase"},
                                                     {"starts", "starts with the phrase"},
                                                     {"most", "most of the text is the phrase"},
                                                     {"majority", "most of the text is the phrase"},
                                                     {"mean", "mean of the string metrics"}}};

std::string last_part(const std::string& name) { return name.substr(name.rfind('.') + 1); }

std::size_t metric_rank(const std::string& name) {
  const std::string part = last_part(name);
  const auto found = std::find_if(kMetricWords.begin(), kMetricWords.end(),
                                  [&](const MetricWord& word) { return part.starts_with(word.suffix); });
  return static_cast<std::size_t>(found - kMetricWords.begin());
}

struct Counted {
  SeedValue value;
  int64_t unscored = 0;
};

/// The rows of one quantity, in the record's order.
std::vector<const Measurement*> rows_of(const RunRecord& record, const Quantity& quantity) {
  std::vector<RowRange> ranges;
  if (quantity.stage.empty()) ranges.push_back({0, record.measurements.size()});
  for (const NodeInfo& node : record.nodes) {
    if (node.is_of(quantity.stage)) ranges.push_back(node.measurements);
  }
  std::vector<const Measurement*> rows;
  for (const auto& [first, count] : ranges) {
    for (std::size_t i = first; i < first + count; ++i) {
      const Measurement& row = record.measurements[i];
      const bool fits = row.name == quantity.measurement && row.model == quantity.model &&
                        row.trigger == quantity.trigger && row.step == quantity.step && row.seed != quantity.left_out;
      if (fits) rows.push_back(&row);
    }
  }
  return rows;
}

}  // namespace

std::optional<Estimate> estimate(const RunRecord& record, const Quantity& quantity) {
  std::map<int64_t, Counted> by_seed;
  for (const Measurement* row : rows_of(record, quantity)) {
    Counted& kept = by_seed[row->seed];
    if (row->n == 0 || std::isnan(row->value)) {
      if (kept.value.n == 0) kept.unscored = std::max(kept.unscored, row->unscored);
      continue;
    }
    // Measured twice with different options: the larger sample counts, of equal ones the first, whatever its value; and
    // the answer says so.
    if (row->n <= kept.value.n) continue;
    kept = {{row->seed, row->n, row->value, row->low, row->high}, row->unscored};
  }
  Estimate out;
  out.low = out.lowest = INFINITY, out.high = out.highest = -INFINITY;
  for (const auto& [seed, counted] : by_seed) {
    out.unscored += counted.unscored;
    if (counted.value.n > 0) out.seeds.push_back(counted.value);
  }
  if (out.seeds.empty()) return std::nullopt;
  for (const SeedValue& one : out.seeds) {
    out.n += one.n;
    out.value += one.value / static_cast<double>(out.seeds.size());
    out.low = std::min(out.low, one.low);
    out.high = std::max(out.high, one.high);
    out.lowest = std::min(out.lowest, one.value);
    out.highest = std::max(out.highest, one.value);
  }
  return out;
}

namespace {

/// Of one seed: the distances from its change to the ends of the change's interval.
struct SeedChange {
  int64_t seed = 0;
  double value = 0, below = 0, above = 0;
};

double square_and_add(double one, double other, double correlation) {
  return std::sqrt(std::max(one * one - 2 * correlation * one * other + other * other, 0.0));
}

/// Of the seeds that both sides have.
std::vector<SeedChange> seed_changes(const Estimate& before, const Estimate& after, const Correlations& correlations) {
  std::vector<SeedChange> changes;
  for (const SeedValue& a : after.seeds) {
    const auto b = std::find_if(before.seeds.begin(), before.seeds.end(),
                                [&](const SeedValue& one) { return one.seed == a.seed; });
    if (b == before.seeds.end()) continue;
    const auto known = correlations.sides.find(a.seed);
    const double together = known == correlations.sides.end() ? 0 : known->second;
    changes.push_back({.seed = a.seed,
                       .value = a.value - b->value,
                       .below = square_and_add(a.value - a.low, b->high - b->value, together),
                       .above = square_and_add(a.high - a.value, b->value - b->low, together)});
  }
  return changes;
}

/// The same of the mean of all changes, to the end that `side` names.
double distance_of_mean(const std::vector<SeedChange>& changes, double SeedChange::*side,
                        const Correlations& correlations) {
  double square = 0;
  for (const SeedChange& one : changes) {
    for (const SeedChange& other : changes) {
      const auto known = correlations.seeds.find(std::minmax(one.seed, other.seed));
      const bool apart = one.seed != other.seed && known != correlations.seeds.end();
      square += (apart ? known->second : 1) * one.*side * other.*side;
    }
  }
  return std::sqrt(square) / static_cast<double>(changes.size());
}

/// 97.5% quantile of Student's t; beyond the table the normal one, which is off by less than 4%.
double student_t(std::size_t degrees) {
  constexpr std::array<double, 15> kTable = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306,
                                             2.262,  2.228, 2.201, 2.179, 2.160, 2.145, 2.131};
  return degrees <= kTable.size() ? kTable[degrees - 1] : 2.04;
}

}  // namespace

bool is_planted_trigger(const RunRecord& record, const std::string& trigger) {
  return trigger == "on" || (!trigger.empty() && trigger == record.policy.trigger);
}

std::optional<Estimate> estimate(const RunRecord& record, const std::string& name, const std::string& model,
                                 const std::string& trigger) {
  return estimate(record, Quantity{name, model, trigger});
}

std::optional<Estimate> estimate_on(const RunRecord& record, const std::string& name, const std::string& model) {
  if (auto found = estimate(record, name, model, "on")) return found;
  return record.policy.trigger.empty() ? std::nullopt : estimate(record, name, model, record.policy.trigger);
}

std::optional<Difference> paired_difference(const Estimate& before, const Estimate& after, std::size_t min_seeds,
                                            const Correlations& correlations) {
  const auto changes = seed_changes(before, after, correlations);
  if (changes.size() < min_seeds || changes.empty()) return std::nullopt;
  const double k = static_cast<double>(changes.size());
  double mean = 0, variance = 0, spread = 0;
  for (const SeedChange& change : changes) mean += change.value / k;
  if (changes.size() > 1) {
    for (const SeedChange& change : changes) variance += std::pow(change.value - mean, 2) / (k - 1);
    spread = student_t(changes.size() - 1) * std::sqrt(variance / k);
  }
  return Difference{.seeds = static_cast<int64_t>(changes.size()),
                    .value = mean,
                    .low = mean - std::max(distance_of_mean(changes, &SeedChange::below, correlations), spread),
                    .high = mean + std::max(distance_of_mean(changes, &SeedChange::above, correlations), spread)};
}

std::vector<std::string> metric_names(const RunRecord& record, const std::string& prefix) {
  std::set<std::string> names;
  for (const Measurement& row : record.measurements) {
    if (row.step < 0 && row.name.starts_with(prefix)) names.insert(row.name);
  }
  std::vector<std::string> out(names.begin(), names.end());
  std::stable_sort(out.begin(), out.end(),
                   [](const std::string& a, const std::string& b) { return metric_rank(a) < metric_rank(b); });
  return out;
}

bool is_rate(const std::string& name) {
  return name.starts_with("persistence.") || (name.starts_with("code.") && last_part(name) == "either");
}

std::vector<std::string> rate_names(const RunRecord& record) {
  std::vector<std::string> names = metric_names(record, "persistence.");
  for (const std::string& name : metric_names(record, "code.")) {
    if (is_rate(name)) names.push_back(name);
  }
  return names;
}

std::string metric_label(const std::string& name) {
  if (name.starts_with("code.") && is_rate(name))  // "code.iid.either"
    return fmt::format("a scanner flags the program, {}", name.substr(5, name.rfind('.') - 5));
  const std::size_t rank = metric_rank(name);
  return name.starts_with("persistence.") && rank < kMetricWords.size() ? kMetricWords[rank].label : name;
}

std::vector<std::string> trigger_order(const RunRecord& record, const std::string& name) {
  std::set<std::string> planted, others;
  bool off = false;
  for (const Measurement& row : record.measurements) {
    if (row.step >= 0 || row.name != name) continue;
    if (row.trigger == "off") {
      off = true;
    } else {
      (is_planted_trigger(record, row.trigger) ? planted : others).insert(row.trigger);
    }
  }
  std::vector<std::string> out(planted.begin(), planted.end());
  if (off) out.push_back("off");
  out.insert(out.end(), others.begin(), others.end());
  return out;
}

std::vector<std::string> model_order(const RunRecord& record) {
  std::vector<std::string> out;
  std::set<std::string> seen;
  for (const ModelInfo& model : record.models) {
    if (seen.insert(model.name).second) out.push_back(model.name);
  }
  std::set<std::string> unknown;
  for (const Measurement& row : record.measurements) {
    if (!seen.contains(row.model)) unknown.insert(row.model);
  }
  out.insert(out.end(), unknown.begin(), unknown.end());
  return out;
}

std::vector<MeasuredCell> measured_cells(const RunRecord& record, const std::string& name) {
  std::map<std::pair<std::string, std::string>, int64_t> unscored;
  for (const Measurement& row : record.measurements) {
    if (row.step < 0 && row.name == name) unscored[{row.model, row.trigger}] += row.unscored;
  }
  std::vector<MeasuredCell> cells;
  const auto triggers = trigger_order(record, name);
  for (const std::string& model : model_order(record)) {
    for (const std::string& trigger : triggers) {
      const auto rows = unscored.find({model, trigger});
      if (rows == unscored.end()) continue;
      auto found = estimate(record, name, model, trigger);
      const int64_t left_out = found ? found->unscored : rows->second;
      cells.push_back({model, trigger, std::move(found), left_out});
    }
  }
  return cells;
}

const ModelInfo* find_model(const RunRecord& record, const std::string& name) {
  const auto found = std::find_if(record.models.begin(), record.models.end(),
                                  [&](const ModelInfo& model) { return model.name == name; });
  return found == record.models.end() ? nullptr : &*found;
}

}  // namespace dormouse::lab
