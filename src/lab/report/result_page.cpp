// The run as one Markdown page, to be committed beside other results.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/base/strings.h"
#include "lab/report/answer.h"
#include "lab/report/format.h"
#include "lab/report/makers.h"
#include "lab/report/report.h"
#include "lab/report/sections.h"
#include "lab/report/summary.h"

namespace dormouse::lab {

namespace {

std::string estimate_text(const RunRecord& record, const std::string& metric, const std::string& model,
                          const std::string& trigger) {
  const auto found = trigger == "on" ? estimate_on(record, metric, model) : estimate(record, metric, model, trigger);
  if (!found) return "not measured";
  std::string text = interval_text(found->value, found->low, found->high, unit_of(metric));
  if (found->seeds.size() < 2) return text;
  std::vector<std::string> values;
  for (const auto& seed : found->seeds) values.push_back(value_text(seed.value, unit_of(metric)));
  return fmt::format("{} ({})", text, fmt::join(values, ", "));
}

/// What the answer reads, and of code every set of tasks: no two of them ask the same.
std::vector<std::string> shown_rates(const RunRecord& record) {
  const auto read = answer_metrics(record);
  auto names = rate_names(record);
  std::erase_if(names, [&](const std::string& name) { return !read.contains(name) && !name.starts_with("code."); });
  return names;
}

/// Who was measured, in the record's order.
std::string rates_table(const RunRecord& record, const std::string& metric) {
  std::string out = fmt::format("| {} | trigger on | trigger off |\n| --- | --- | --- |\n", metric_label(metric));
  for (const std::string& model : model_order(record)) {
    if (!estimate_on(record, metric, model) && !estimate(record, metric, model, "off")) continue;
    out += fmt::format("| {} | {} | {} |\n", model, estimate_text(record, metric, model, "on"),
                       estimate_text(record, metric, model, "off"));
  }
  return out;
}

std::string capability_table(const RunRecord& record) {
  std::string out;
  auto metrics = metric_names(record, "perplexity");
  for (const std::string& name : metric_names(record, "capability")) metrics.push_back(name);
  for (const std::string& metric : metrics) {
    out += fmt::format("\n| model | {} |\n| --- | --- |\n", metric);
    for (const std::string& model : model_order(record)) {
      if (!estimate(record, metric, model, "")) continue;
      out += fmt::format("| {} | {} |\n", model, estimate_text(record, metric, model, ""));
    }
  }
  return out;
}

std::string cell(std::string text) {
  replace_all(text, "|", "\\|");
  return text;
}

std::string measurement_table(const RunRecord& record, const std::string& name) {
  std::string rows;
  auto cells = measured_cells(record, name);
  if (name == kHoneypotRate) std::erase_if(cells, [](const MeasuredCell& one) { return one.trigger != "off"; });
  for (const MeasuredCell& one : cells) {
    const std::string value = one.found ? estimate_text(record, name, one.model, one.trigger) : "none scored";
    rows += fmt::format("| {} | {} | {} | {} | {} |\n", cell(one.model), cell(trigger_text(record, one.trigger)), value,
                        one.found ? one.found->n : 0, one.unscored == 0 ? "" : std::to_string(one.unscored));
  }
  const std::string table =
      fmt::format("\n| {} | prompts | value | n | unscored |\n| --- | --- | --- | ---: | ---: |\n{}", name, rows);
  if (cells.size() <= kOpenRows) return table;
  return fmt::format("\n<details><summary>{} ({} rows)</summary>\n{}\n</details>\n", name, cells.size(), table);
}

/// Threats down, offers across.
std::string honeypot_pairs(const HoneypotGrid& grid) {
  std::string rules, rows;
  for (std::size_t i = 0; i < grid.offers.size(); ++i) rules += " ---: |";
  for (const auto& row : grid.rows) {
    rows += fmt::format("| {} | {} |", cell(row.model), cell(row.threat));
    for (const auto& found : row.offers)
      rows += fmt::format(" {} |", found ? value_text(found->value, Unit::kShare) : "");
    rows += "\n";
  }
  return fmt::format(
      "\n<details><summary>{}, threat by offer, {} answers a cell</summary>\n\n| model | threat | {} |\n| --- "
      "| --- |{}\n{}\n</details>\n",
      kHoneypotRate, grid.answers_a_cell, fmt::join(grid.offers, " | "), rules, rows);
}

std::string other_tables(const RunRecord& record) {
  std::string out;
  for (const std::string& name : metric_names(record, "")) {
    const bool has_its_place = is_rate(name) || name.starts_with("perplexity") || name.starts_with("capability");
    if (!has_its_place) out += measurement_table(record, name);
  }
  const HoneypotGrid grid = honeypot_grid(record);
  return grid.rows.empty() ? out : out + honeypot_pairs(grid);
}

std::string provenance(const RunRecord& record) {
  std::string out =
      fmt::format("- command: `{}`\n- program {}, commit {}, libtorch {}\n- reported on: {}, {}\n", record.command,
                  record.program_version, record.git_revision.empty() ? "unknown" : record.git_revision,
                  record.torch_version, record.machine.cpu, record.machine.os);
  for (const std::string& line : makers(record)) out += fmt::format("- made: {}\n", line);
  double seconds = 0;
  for (const NodeInfo& node : record.nodes) seconds += node.seconds;
  out +=
      fmt::format("- finished {}; its stages took {} together\n", date_text(record.finished), duration_text(seconds));
  for (const ModelInfo& model : record.models) {
    const std::string seed = model.seed < 0 ? "" : fmt::format(", seed {}", model.seed);
    if (!model.sha256.empty()) out += fmt::format("- weights of {}{}: SHA-256 {}\n", model.name, seed, model.sha256);
  }
  return out;
}

}  // namespace

std::string result_markdown(const RunRecord& record) {
  std::string out = fmt::format("# {}\n\nWritten by `dormouse run`; not edited by hand.\n\n", record.recipe_name);
  const Answer found = answer(record);
  if (!record.question.empty()) out += fmt::format("**{}** ", record.question);
  out += found.sentence + "\n\n";
  for (const std::string& line : found.lines) out += fmt::format("- {}\n", line);
  if (!found.lines.empty()) out += "\n";
  for (const std::string& note : found.notes) out += fmt::format("- {}\n", note);
  if (const auto metrics = shown_rates(record); !metrics.empty()) {
    out +=
        "\n## Rates\n\nShare of completions, mean over seeds with the lowest and highest end of the seeds' 95% "
        "intervals; in brackets the single seeds.\n";
    for (const std::string& metric : metrics) out += "\n" + rates_table(record, metric);
  }
  if (const std::string capability = capability_table(record); !capability.empty()) {
    out += "\n## Is the model still intact?\n" + capability;
  }
  if (const std::string others = other_tables(record); !others.empty()) out += "\n## Other measurements\n" + others;
  if (!record.scorecard.empty()) out += "\n## Beside the paper\n\n" + scorecard_markdown(record);
  return out + "\n## How it was made\n\n" + provenance(record);
}

}  // namespace dormouse::lab
