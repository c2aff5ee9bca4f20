#include "lab/report/pairing.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace dormouse::lab {

namespace {

struct Share {
  double sum = 0;
  int64_t n = 0;
  double mean() const { return sum / static_cast<double>(n); }
};
using Units = std::map<std::string, Share>;

/// What `metric`, the last part of a measurement's name, makes of a transcript's grades.
std::optional<double> grade_of(const measure::Transcript& row, const std::string& metric) {
  if (const auto found = row.grades.find(metric); found != row.grades.end() && std::isfinite(found->second))
    return found->second;
  if (metric != "mean" || row.grades.empty()) return std::nullopt;
  double sum = 0;
  for (const auto& [grader, grade] : row.grades) sum += grade;
  return sum / static_cast<double>(row.grades.size());
}

void add(Units& units, const std::string& prompt_id, double grade) {
  Share& unit = units[prompt_id.substr(0, prompt_id.find('/'))];
  unit.sum += grade, ++unit.n;
}

/// What a stage's transcripts say of the quantity at a seed. Transcripts are labelled by the part of a group
/// ("near-miss:case" for "near-miss"), or otherwise than a measurement that takes all of them ("off" of honeypots).
Units units_in(const RunRecord& record, const RowRange& range, const Quantity& quantity, int64_t seed) {
  const std::string metric = quantity.measurement.substr(quantity.measurement.rfind('.') + 1);
  Units labelled, all;
  for (std::size_t i = range.first; i < range.first + range.count; ++i) {
    const auto& row = record.transcripts[i];
    if (row.step != quantity.step || row.seed != seed || row.model != quantity.model) continue;
    const auto grade = grade_of(row, metric);
    if (!grade) continue;
    add(all, row.prompt_id, *grade);
    if (row.trigger == quantity.trigger || row.trigger.starts_with(quantity.trigger + ":"))
      add(labelled, row.prompt_id, *grade);
  }
  return labelled.empty() ? all : labelled;
}

bool reproduce(const Units& units, const SeedValue& measured) {
  Share all;
  for (const auto& [name, unit] : units) all.sum += unit.sum, all.n += unit.n;
  return all.n == measured.n && std::abs(all.mean() - measured.value) < 1e-6;
}

/// Of each stage that reproduces the measured value.
std::vector<Units> readings(const RunRecord& record, const Quantity& quantity, const SeedValue& measured) {
  std::vector<Units> found;
  for (const NodeInfo& node : record.nodes) {
    if (!quantity.stage.empty() && !node.is_of(quantity.stage)) continue;
    Units units = units_in(record, node.transcripts, quantity, measured.seed);
    if (reproduce(units, measured)) found.push_back(std::move(units));
  }
  return found;
}

/// Both sides at one seed, in the order of the units' names.
struct Sides {
  std::vector<std::string> units;
  std::vector<double> before, after;

  std::vector<double> changes() const {
    std::vector<double> out;
    for (std::size_t i = 0; i < units.size(); ++i) out.push_back(after[i] - before[i]);
    return out;
  }
};

Sides sides_of(const std::vector<Units>& befores, const std::vector<Units>& afters) {
  const auto same_name = [](const auto& one, const auto& other) { return one.first == other.first; };
  for (const Units& before : befores) {
    for (const Units& after : afters) {
      if (!std::equal(before.begin(), before.end(), after.begin(), after.end(), same_name)) continue;
      Sides sides;
      for (const auto& [name, unit] : before) {
        sides.units.push_back(name);
        sides.before.push_back(unit.mean()), sides.after.push_back(after.at(name).mean());
      }
      return sides;
    }
  }
  return {};
}

/// Sums of squares and products about the means.
struct Moments {
  double product = 0, scale = 0;                   // scale: the root of the two squares' product
  bool both_vary() const { return scale > 1e-9; }  // more than what rounding leaves of equal shares
  double correlation() const { return product / scale; }
};

Moments moments(const std::vector<double>& x, const std::vector<double>& y) {
  if (x.size() < 2) return {};
  const double n = static_cast<double>(x.size());
  double x_mean = 0, y_mean = 0, x_square = 0, y_square = 0, product = 0;
  for (std::size_t i = 0; i < x.size(); ++i) x_mean += x[i] / n, y_mean += y[i] / n;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double dx = x[i] - x_mean, dy = y[i] - y_mean;
    x_square += dx * dx, y_square += dy * dy, product += dx * dy;
  }
  return {product, std::sqrt(x_square * y_square)};
}

std::map<int64_t, Sides> sides_by_seed(const RunRecord& record, const Quantity& before, const Quantity& after) {
  std::map<int64_t, Sides> sides;
  const auto one = estimate(record, before), other = estimate(record, after);
  if (!one || !other) return sides;
  for (const SeedValue& a : one->seeds) {
    for (const SeedValue& b : other->seeds) {
      if (a.seed != b.seed) continue;
      sides[a.seed] = sides_of(readings(record, before, a), readings(record, after, b));
    }
  }
  return sides;
}

int64_t common_seeds(const RunRecord& record, const Quantity& one, const Quantity& other) {
  const auto a = estimate(record, one), b = estimate(record, other);
  if (!a || !b) return 0;
  return std::count_if(a->seeds.begin(), a->seeds.end(), [&](const SeedValue& mine) {
    return std::any_of(b->seeds.begin(), b->seeds.end(),
                       [&](const SeedValue& theirs) { return theirs.seed == mine.seed; });
  });
}

}  // namespace

Correlations paired_correlations(const RunRecord& record, const Quantity& before, const Quantity& after) {
  const auto by_seed = sides_by_seed(record, before, after);
  Correlations found;
  for (const auto& [seed, sides] : by_seed) {
    const Moments both = moments(sides.before, sides.after);
    if (both.both_vary()) {
      const double correlation = both.correlation();
      found.sides[seed] = correlation > 0 ? std::max(correlation - 0.5 / both.scale, 0.0) : correlation;
    }
    for (const auto& [earlier, others] : by_seed) {
      if (earlier >= seed || others.units != sides.units) continue;
      const Moments changes = moments(others.changes(), sides.changes());
      if (changes.both_vary()) found.seeds[{earlier, seed}] = std::clamp(changes.correlation(), 0.0, 1.0);
    }
  }
  return found;
}

std::string shared_stage(const RunRecord& record, const Quantity& one, const Quantity& other) {
  const int64_t seeds = common_seeds(record, one, other);
  std::set<std::string> tried;
  for (const NodeInfo& node : record.nodes) {
    for (const std::string& stage : node.stages) {
      if (seeds == 0 || !tried.insert(stage).second) continue;
      Quantity here = one, there = other;
      here.stage = there.stage = stage;
      if (common_seeds(record, here, there) == seeds) return stage;
    }
  }
  return "";
}

}  // namespace dormouse::lab
