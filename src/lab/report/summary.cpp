#include "lab/report/summary.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
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

std::string last_part(const std::string& name) {
  return name.substr(name.rfind('.') + 1);
}

std::size_t metric_rank(const std::string& name) {
  const std::string part = last_part(name);
  const auto found = std::find_if(kMetricWords.begin(), kMetricWords.end(),
                                  [&](const MetricWord& word) { return part.starts_with(word.suffix); });
  return static_cast<std::size_t>(found - kMetricWords.begin());
}

std::optional<Estimate> collect(const RunRecord& record,
                                const std::function<bool(const Measurement&)>& wanted) {
  std::map<int64_t, SeedValue> by_seed;
  Estimate out;
  for (const Measurement& row : record.measurements) {
    if (row.step >= 0 || !wanted(row)) continue;
    out.unscored += row.unscored;
    if (row.n > 0 && !std::isnan(row.value)) {
      by_seed[row.seed] = {row.seed, row.n, row.value, row.low, row.high};
    }
  }
  if (by_seed.empty()) return std::nullopt;
  const SeedValue& first = by_seed.begin()->second;
  out.low = first.low, out.high = first.high, out.lowest = out.highest = first.value;
  for (const auto& [seed, one] : by_seed) {
    out.seeds.push_back(one);
    out.n += one.n;
    out.value += one.value / static_cast<double>(by_seed.size());
    out.low = std::min(out.low, one.low);
    out.high = std::max(out.high, one.high);
    out.lowest = std::min(out.lowest, one.value);
    out.highest = std::max(out.highest, one.value);
  }
  return out;
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
  return collect(record, [&](const Measurement& row) {
    return row.name == name && row.model == model && row.trigger == trigger;
  });
}

std::optional<Estimate> estimate_on(const RunRecord& record, const std::string& name,
                                    const std::string& model) {
  if (auto found = estimate(record, name, model, "on")) return found;
  return record.policy.trigger.empty() ? std::nullopt : estimate(record, name, model, record.policy.trigger);
}

std::optional<Difference> paired_difference(const Estimate& before, const Estimate& after,
                                            std::size_t min_seeds) {
  std::vector<double> changes;
  double square_below = 0, square_above = 0;
  for (const SeedValue& a : after.seeds) {
    const auto b = std::find_if(before.seeds.begin(), before.seeds.end(),
                                [&](const SeedValue& one) { return one.seed == a.seed; });
    if (b == before.seeds.end()) continue;
    changes.push_back(a.value - b->value);
    square_below += std::pow(a.value - a.low, 2) + std::pow(b->high - b->value, 2);
    square_above += std::pow(a.high - a.value, 2) + std::pow(b->value - b->low, 2);
  }
  if (changes.size() < min_seeds || changes.empty()) return std::nullopt;
  const double k = static_cast<double>(changes.size());
  double mean = 0, variance = 0, spread = 0;
  for (const double change : changes) mean += change / k;
  if (changes.size() > 1) {
    for (const double change : changes) variance += std::pow(change - mean, 2) / (k - 1);
    spread = student_t(changes.size() - 1) * std::sqrt(variance / k);
  }
  return Difference{.seeds = static_cast<int64_t>(changes.size()),
                    .value = mean,
                    .low = mean - std::max(std::sqrt(square_below) / k, spread),
                    .high = mean + std::max(std::sqrt(square_above) / k, spread)};
}

std::vector<std::string> metric_names(const RunRecord& record, const std::string& prefix) {
  std::set<std::string> names;
  for (const Measurement& row : record.measurements) {
    if (row.step < 0 && row.name.starts_with(prefix)) names.insert(row.name);
  }
  std::vector<std::string> out(names.begin(), names.end());
  std::stable_sort(out.begin(), out.end(), [](const std::string& a, const std::string& b) {
    return metric_rank(a) < metric_rank(b);
  });
  return out;
}

std::string metric_label(const std::string& name) {
  const std::size_t rank = metric_rank(name);
  return rank < kMetricWords.size() ? kMetricWords[rank].label : last_part(name);
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

const ModelInfo* find_model(const RunRecord& record, const std::string& name) {
  const auto found = std::find_if(record.models.begin(), record.models.end(),
                                  [&](const ModelInfo& model) { return model.name == name; });
  return found == record.models.end() ? nullptr : &*found;
}

}  // namespace dormouse::lab
