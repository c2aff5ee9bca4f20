#include "science/measure/share.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "core/base/random.h"
#include "core/stats/bootstrap.h"
#include "core/stats/clusters.h"
#include "core/stats/proportion.h"

namespace dormouse::measure {

namespace {

stats::Estimate over_samples(const std::vector<double>& scored, double sum, const RandomStream& stream) {
  const bool is_proportion =
      std::all_of(scored.begin(), scored.end(), [](double grade) { return grade == 0 || grade == 1; });
  const auto n = static_cast<int64_t>(scored.size());
  if (is_proportion) return stats::proportion(std::llround(sum), n);
  // Near 0 and 1 the bootstrap over the few other grades is too narrow.
  return stats::wider(stats::bootstrap_grade(scored, stream), stats::bounded_mean(sum, n));
}

}  // namespace

Measurement share(const std::string& name, const std::string& trigger, const std::vector<UnitGrade>& grades,
                  const Subject& subject) {
  std::map<std::string, stats::Cluster> by_unit;
  std::vector<double> scored;
  for (const auto& grade : grades) {
    if (std::isnan(grade.value)) continue;
    scored.push_back(grade.value);
    stats::Cluster& unit = by_unit[grade.unit];
    unit.hits += grade.value;
    ++unit.n;
  }
  std::vector<stats::Cluster> units;
  for (const auto& [id, unit] : by_unit) units.push_back(unit);
  const double sum = std::accumulate(scored.begin(), scored.end(), 0.0);
  const RandomStream stream(static_cast<uint64_t>(subject.seed), "interval/" + name + "/" + trigger);
  auto estimate =
      units.size() == scored.size() ? over_samples(scored, sum, stream) : stats::clustered_rate(units, stream);
  estimate.n = static_cast<int64_t>(scored.size());
  estimate.value = estimate.n > 0 ? sum / static_cast<double>(estimate.n) : 0;
  return row_of(name, trigger, estimate, subject, static_cast<int64_t>(grades.size()) - estimate.n);
}

}  // namespace dormouse::measure
