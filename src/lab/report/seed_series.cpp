#include "lab/report/seed_series.h"

#include <fmt/format.h>

#include <cmath>

namespace dormouse::lab {

std::vector<Series> seed_series(const std::string& label, Tone tone, const SeedPoints& seeds, bool marks) {
  std::vector<Series> out;
  std::map<double, std::pair<double, std::size_t>> sums;
  for (const auto& [seed, points] : seeds) {
    Series series{.label = fmt::format("{}, seed {}", label, seed),
                  .tone = tone,
                  .strong = seeds.size() == 1,
                  .marks = marks && seeds.size() == 1,
                  .points = points};
    for (Point& point : series.points) {
      if (seeds.size() > 1) point.low = point.high = std::nan("");
      if (!std::isfinite(point.y)) continue;
      sums[point.x].first += point.y;
      ++sums[point.x].second;
    }
    out.push_back(std::move(series));
  }
  if (seeds.size() < 2) return out;
  Series mean{.label = label + ", mean", .tone = tone, .strong = true, .marks = marks, .points = {}};
  for (const auto& [x, sum] : sums) {
    if (sum.second != seeds.size()) continue;
    mean.points.push_back({x, sum.first / static_cast<double>(sum.second), std::nan(""), std::nan("")});
  }
  out.push_back(std::move(mean));
  return out;
}

}  // namespace dormouse::lab
