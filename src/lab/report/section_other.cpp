// Whatever has no figure of its own, as tables: a measurement each.
#include <fmt/format.h>

#include <algorithm>

#include "lab/report/format.h"
#include "lab/report/sections.h"

namespace dormouse::lab {

namespace {

std::vector<std::string> names_without_a_figure(const RunRecord& record) {
  const auto drawn = rates_with_a_figure(record);
  auto names = metric_names(record, "");
  std::erase_if(names, [&](const std::string& name) {
    return name == "generalisation.contains" || name.starts_with("honeypot.") || name.starts_with("perplexity") ||
           name.starts_with("capability") || std::find(drawn.begin(), drawn.end(), name) != drawn.end();
  });
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<Markup> row_of(const RunRecord& record, const std::string& name, const MeasuredCell& cell) {
  const auto& found = cell.found;
  return {text(cell.model),
          text(trigger_text(record, cell.trigger)),
          text(found ? interval_text(found->value, found->low, found->high, unit_of(name)) : "none scored"),
          text(count_text(found ? found->n : 0)),
          text(found ? std::to_string(found->seeds.size()) : ""),
          text(cell.unscored == 0 ? "" : count_text(cell.unscored))};
}

Markup measurement_table(const RunRecord& record, const std::string& name) {
  std::vector<std::vector<Markup>> rows;
  for (const MeasuredCell& cell : measured_cells(record, name)) rows.push_back(row_of(record, name, cell));
  const Markup inner = table(
      name, {{"model"}, {"prompts"}, {"value [95% interval]", true}, {"n", true}, {"seeds", true}, {"unscored", true}},
      rows);
  if (rows.size() <= kOpenRows) return inner;
  return element("details", {}, element("summary", {}, fmt::format("{} ({} rows)", name, rows.size())) + inner);
}

/// Checkpoint rows of what the curves do not draw.
Markup left_out_note(const RunRecord& record) {
  const auto left_out = std::count_if(record.measurements.begin(), record.measurements.end(), [](const auto& row) {
    return row.step >= 0 && !is_rate(row.name) && !row.name.starts_with("reinforce.");
  });
  if (left_out == 0) return {};
  return element("p", {{"class", "note"}},
                 fmt::format("{} measurements of models on their way through training are in results.json alone.",
                             count_text(left_out)));
}

}  // namespace

Section other_section(const RunRecord& record) {
  Section section{.id = "other", .title = "Other measurements", .menu = "Other", .body = {}};
  for (const std::string& name : names_without_a_figure(record)) section.body += measurement_table(record, name);
  section.body += left_out_note(record);
  if (section.body.empty()) return section;
  section.body = element("p", {{"class", "intro"}},
                         "Of final models. With several seeds: their mean, from the lowest seed's lower end to the "
                         "highest seed's upper end.") +
                 section.body;
  return section;
}

}  // namespace dormouse::lab
