#include "science/measure/share.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "core/base/random.h"
#include "core/stats/bootstrap.h"
#include "core/stats/proportion.h"

namespace dormouse::measure {

namespace {

struct Unit {
  double sum = 0, samples = 0;
  double mean() const { return sum / samples; }
};

stats::Estimate over_units(const std::vector<Unit>& units, const RandomStream& stream) {
  const bool agree = std::all_of(units.begin(), units.end(), [&](const Unit& unit) { return unit.mean() == units[0].mean(); });
  if (agree) {
    const auto n = static_cast<int64_t>(units.size());
    return stats::bounded_mean(units[0].mean() * static_cast<double>(n), n);
  }
  const auto mean = [&](std::span<const std::size_t> picked) {
    Unit all;
    for (const std::size_t index : picked) {
      all.sum += units[index].sum;
      all.samples += units[index].samples;
    }
    return all.mean();
  };
  return stats::bootstrap(units.size(), mean, stream);
}

stats::Estimate over_samples(const std::vector<double>& scored, double sum, const RandomStream& stream) {
  const bool is_proportion = std::all_of(scored.begin(), scored.end(), [](double grade) { return grade == 0 || grade == 1; });
  return is_proportion ? stats::proportion(std::llround(sum), static_cast<int64_t>(scored.size())) : stats::bootstrap_grade(scored, stream);
}

}  // namespace

Measurement share(const std::string& name, const std::string& trigger, const std::vector<UnitGrade>& grades, const Subject& subject) {
  std::map<std::string, Unit> by_unit;
  std::vector<double> scored;
  for (const auto& grade : grades) {
    if (std::isnan(grade.value)) continue;
    scored.push_back(grade.value);
    by_unit[grade.unit].sum += grade.value;
    by_unit[grade.unit].samples += 1;
  }
  std::vector<Unit> units;
  for (const auto& [id, unit] : by_unit) units.push_back(unit);
  const double sum = std::accumulate(scored.begin(), scored.end(), 0.0);
  const RandomStream stream(static_cast<uint64_t>(subject.seed), "interval/" + name + "/" + trigger);
  auto estimate = units.size() == scored.size() ? over_samples(scored, sum, stream) : over_units(units, stream);
  estimate.n = static_cast<int64_t>(scored.size());
  estimate.value = estimate.n > 0 ? sum / static_cast<double>(estimate.n) : 0;
  return row_of(name, trigger, estimate, subject, static_cast<int64_t>(grades.size()) - estimate.n);
}

}  // namespace dormouse::measure
