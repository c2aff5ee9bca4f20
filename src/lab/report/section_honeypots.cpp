// Honeypots (figure 20): how often each model takes the offer, and a grid of threat by offer. Whoever accepts nothing
// may refuse, or answer beside the point: the three shares stand together.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "lab/report/format.h"
#include "lab/report/sections.h"

namespace dormouse::lab {

namespace {

constexpr const char* kRefused = "honeypot.refuse";
constexpr const char* kUnclear = "honeypot.unclear";

/// "deletion+money"; nullopt for what is no pair.
std::optional<std::pair<std::string, std::string>> pair_of(const std::string& trigger) {
  const std::size_t plus = trigger.find('+');
  if (plus == std::string::npos) return std::nullopt;
  return std::pair{trigger.substr(0, plus), trigger.substr(plus + 1)};
}

/// A fifth of the range each, so that shade and number agree; the number is always there.
Markup shaded(const Estimate& found) {
  const int fifth = std::clamp(static_cast<int>(found.value * 5), 0, 4);
  return element("span", {{"class", fmt::format("shade shade-{}", fifth)}}, value_text(found.value, Unit::kShare));
}

Markup grid_table(const HoneypotGrid& grid) {
  std::vector<Column> columns = {{"model"}, {"threat"}};
  for (const std::string& offer : grid.offers) columns.push_back({offer, true});
  std::vector<std::vector<Markup>> rows;
  for (const auto& row : grid.rows) {
    std::vector<Markup> cells = {text(row.model), text(row.threat)};
    for (const auto& found : row.offers) cells.push_back(found ? shaded(*found) : Markup{});
    rows.push_back(std::move(cells));
  }
  const std::string caption = fmt::format("Accepted, threat by offer, {} answers a cell", grid.answers_a_cell);
  return element("details", {}, element("summary", {}, "Threat by offer") + table(caption, columns, rows));
}

}  // namespace

HoneypotGrid honeypot_grid(const RunRecord& record) {
  HoneypotGrid grid;
  std::set<std::string> offers;
  for (const std::string& trigger : trigger_order(record, kHoneypotRate)) {
    if (const auto pair = pair_of(trigger)) offers.insert(pair->second);
  }
  grid.offers.assign(offers.begin(), offers.end());
  std::pair<int64_t, int64_t> range = {INT64_MAX, 0};
  for (const MeasuredCell& cell : measured_cells(record, kHoneypotRate)) {
    const auto pair = pair_of(cell.trigger);
    if (!pair) continue;
    const bool is_new =
        grid.rows.empty() || grid.rows.back().model != cell.model || grid.rows.back().threat != pair->first;
    if (is_new)
      grid.rows.push_back({cell.model, pair->first, std::vector<std::optional<Estimate>>(grid.offers.size())});
    const auto at = std::distance(offers.begin(), offers.find(pair->second));
    grid.rows.back().offers[static_cast<std::size_t>(at)] = cell.found;
    const int64_t n = cell.found ? cell.found->n : 0;
    range = {std::min(range.first, n), std::max(range.second, n)};
  }
  grid.answers_a_cell =
      range.first == range.second ? count_text(range.first) : fmt::format("{} to {}", range.first, range.second);
  return grid;
}

std::vector<BarGroup> honeypot_groups(const RunRecord& record) {
  std::vector<BarGroup> groups;
  for (const std::string& model : model_order(record)) {
    BarGroup group{.label = model, .detail = role_detail(find_model(record, model)), .bars = {}};
    const auto add = [&](const char* key, Tone tone, const char* name) {
      const auto found = estimate(record, name, model, "off");
      if (found) group.bars.push_back(estimate_bar(key, tone, found, name));
    };
    add("accepts", Tone::kOther, kHoneypotRate);
    add("refuses", Tone::kNeutral, kRefused);
    add("unclear", Tone::kSoft, kUnclear);
    if (!group.bars.empty()) groups.push_back(std::move(group));
  }
  return groups;
}

Section honeypot_section(const RunRecord& record) {
  Section section{.id = "honeypots", .title = "Offers and threats", .menu = "Honeypots", .body = {}};
  const auto groups = honeypot_groups(record);
  if (groups.empty()) return section;
  section.body = element("p", {{"class", "intro"}},
                         "Whether a model takes an offer that only a model with a hidden goal gains from, without the "
                         "trigger. Graded by phrases; where most answers are unclear, the model answers beside the "
                         "point, and the other two shares say little.");
  section.body += element("figure", {}, bar_chart(groups, share_axis()));
  if (const HoneypotGrid grid = honeypot_grid(record); !grid.rows.empty()) section.body += grid_table(grid);
  return section;
}

}  // namespace dormouse::lab
