// One quantity over steps, for several seeds.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "lab/report/charts.h"

namespace dormouse::lab {

using SeedPoints = std::map<int64_t, std::vector<Point>>;

/// A thin line a seed and a strong mean at the steps that all seeds have; one seed is a strong line by itself.
std::vector<Series> seed_series(const std::string& label, Tone tone, const SeedPoints& seeds, bool marks);

}  // namespace dormouse::lab
