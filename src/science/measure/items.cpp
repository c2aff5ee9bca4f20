#include "science/measure/items.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "core/base/random.h"
#include "core/stats/bootstrap.h"

namespace dormouse::measure {

namespace {

struct Pairs {
  std::vector<double> changes;
  std::vector<std::string> strata;
  int64_t unscored = 0;
};

}  // namespace

Json to_json(const Item& item) {
  Json row = {{"measurement", item.measurement},
              {"id", item.id},
              {"score", std::isnan(item.score) ? Json() : Json(item.score)}};
  if (!item.stratum.empty()) row["stratum"] = item.stratum;
  return row;
}

Item item_from_json(const Json& row, const std::string& place) {
  const bool scored = !json_member(row, "score", place).is_null();
  return {.measurement = json_string(row, "measurement", place),
          .id = json_string(row, "id", place),
          .score = scored ? json_number(row, "score", place) : std::numeric_limits<double>::quiet_NaN(),
          .stratum = row.contains("stratum") ? json_string(row, "stratum", place) : ""};
}

std::vector<Measurement> paired_changes(std::span<const Item> parent, std::span<const Item> model,
                                        const Subject& subject) {
  std::map<std::pair<std::string, std::string>, double> before;
  for (const auto& item : parent) before[{item.measurement, item.id}] = item.score;
  std::vector<std::string> order;
  std::map<std::string, Pairs> by_name;
  for (const auto& item : model) {
    if (!by_name.contains(item.measurement)) order.push_back(item.measurement);
    Pairs& pairs = by_name[item.measurement];
    const auto found = before.find({item.measurement, item.id});
    if (found == before.end() || std::isnan(found->second) || std::isnan(item.score)) {
      ++pairs.unscored;
      continue;
    }
    pairs.changes.push_back(item.score - found->second);
    pairs.strata.push_back(item.stratum);
  }
  std::vector<Measurement> rows;
  for (const auto& name : order) {
    const Pairs& pairs = by_name[name];
    const std::string change = "change." + name;
    const RandomStream stream(static_cast<uint64_t>(subject.seed), "interval/" + change);
    const auto estimate = stats::bootstrap_stratified_mean(pairs.changes, pairs.strata, stream);
    rows.push_back(row_of(change, "", or_zero(estimate), subject, pairs.unscored));
  }
  return rows;
}

}  // namespace dormouse::measure
