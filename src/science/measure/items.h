// Scores of single items (a question, a statement), kept so that two models can be compared item by item: pairing takes
// the items' own spread out of the difference.
#pragma once

#include <fmt/format.h>

#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "science/measure/rows.h"

namespace dormouse::measure {

struct Item {
  std::string measurement;  // that it is part of: "capability.accuracy"
  std::string id;
  double score = 0;     // NaN: unscored
  std::string stratum;  // of a set that fixes how many items each has; "" for none
};

Json to_json(const Item& item);
Item item_from_json(const Json& row, const std::string& place);

/// `change.NAME` for each measurement NAME of the items, in their order: the mean of model - parent over the items that
/// both scored, with the bootstrap interval over items, within their strata; n counts those, unscored the others. n = 0
/// gives value 0 and the interval [0, 0], which mean nothing.
std::vector<Measurement> paired_changes(std::span<const Item> parent, std::span<const Item> model,
                                        const Subject& subject);

/// `count` of the things, evenly spread over the list, and so over the subjects of a sorted one; 0 takes all. Throws
/// kInput at `place` if there are fewer.
template <class Thing>
std::vector<Thing> spread(const std::vector<Thing>& things, int64_t count, const std::string& place) {
  const auto size = static_cast<int64_t>(things.size());
  if (count > size)
    fail_input(place, fmt::format("{} were asked for, there are {}", count, size),
               "ask for fewer, or for 0 to take all");
  if (count == 0) return things;
  std::vector<Thing> picked;
  for (int64_t i = 0; i < count; ++i) picked.push_back(things[static_cast<std::size_t>(i * size / count)]);
  return picked;
}

}  // namespace dormouse::measure
