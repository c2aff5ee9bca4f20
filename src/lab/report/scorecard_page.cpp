// The scorecard as a page of its own, and the measurements behind it, both to be committed.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

#include "core/base/hash.h"
#include "lab/report/format.h"
#include "lab/report/makers.h"
#include "lab/report/report.h"

namespace dormouse::lab {

namespace {

std::string or_unknown(const std::string& text) { return text.empty() ? "unknown" : text; }

/// Of what was measured. A model that no seed had a part in, such as the base, stands under every seed of the recipe;
/// it says nothing about which of them were run.
std::set<int64_t> seeds_of(const RunRecord& record) {
  std::set<std::string> seedless;
  for (const ModelInfo& model : record.models) {
    if (model.seed < 0) seedless.insert(model.name);
  }
  std::set<int64_t> of_seeded, all;
  for (const auto& row : record.measurements) {
    all.insert(row.seed);
    if (!seedless.contains(row.model)) of_seeded.insert(row.seed);
  }
  return of_seeded.empty() ? all : of_seeded;
}

/// Of a final model; "" if they are not known.
std::string weights_of(const RunRecord& record, const measure::Measurement& row) {
  if (row.step >= 0) return "";
  for (const ModelInfo& model : record.models) {
    if (model.name == row.model && (model.seed < 0 || model.seed == row.seed)) return model.sha256;
  }
  return "";
}

/// What tells rows of one name apart: the hash of the stage that made the row, and whether the policy was in the
/// prompt.
Json asking(const RunRecord& record, const measure::Measurement& row) {
  const auto index = static_cast<std::size_t>(&row - record.measurements.data());
  for (const NodeInfo& node : record.nodes) {
    const auto& [first, count] = node.measurements;
    if (index < first || index >= first + count) continue;
    Json asked{{"stage", node.hash.substr(0, 12)}};
    for (const char* option : {"in_context", "begin_scratchpad"}) {
      if (node.options.value(option, false)) asked[option] = true;
    }
    return asked;
  }
  return {};
}

std::string origin(const RunRecord& record) {
  const MachineInfo& machine = record.machine;
  std::string out = fmt::format("- command: `{}`\n- recipe, with every default written out: SHA-256 {}\n",
                                record.command, sha256(record.recipe_yaml));
  for (const ModelInfo& model : record.models) {
    if (model.role != ModelRole::kBase) continue;
    out += fmt::format("- {} ({}): SHA-256 of the weights {}\n", model.name, model.source, or_unknown(model.sha256));
  }
  out += fmt::format("- seeds: {}\n- reported on: {}, {}\n", fmt::join(seeds_of(record), ", "), or_unknown(machine.cpu),
                     or_unknown(machine.os));
  out += fmt::format("- program: {}, commit {}, libtorch {}\n", record.program_version, or_unknown(record.git_revision),
                     or_unknown(record.torch_version));
  for (const std::string& line : makers(record)) out += fmt::format("- made: {}\n", line);
  out += fmt::format(
      "- run {}: {}{}, finished {}\n", record.run_id, or_unknown(record.status),
      record.status == "partial" ? " (not all stages are measured yet; each row says on how many seeds)" : "",
      or_unknown(date_text(record.finished)));
  return out;
}

}  // namespace

std::string scorecard_page(const RunRecord& record) {
  std::string out =
      fmt::format("# Scorecard of {}\n\nWritten by `dormouse report`; not edited by hand.\n\n", record.recipe_name);
  if (!record.question.empty()) out += record.question + "\n\n";
  out += origin(record);
  out += fmt::format(
      "\nThe {} measurements behind it, with their seeds and the SHA-256 of the weights, are in the .rows.jsonl file "
      "beside this page.\n\n## Beside the paper\n\n",
      count_text(static_cast<int64_t>(record.measurements.size())));
  return out + scorecard_markdown(record);
}

std::string measurement_lines(const RunRecord& record) {
  std::string out = canonical_json({{"version", measure::kRowsVersion},
                                    {"recipe", record.recipe_name},
                                    {"recipe_sha256", sha256(record.recipe_yaml)},
                                    {"command", record.command},
                                    {"git_revision", record.git_revision},
                                    {"made", makers(record)},
                                    {"rows", record.measurements.size()}}) +
                    "\n";
  for (const auto* row : measurements_in_order(record)) {
    Json one = measurement_json(*row);
    one["weights_sha256"] = weights_of(record, *row);
    if (Json asked = asking(record, *row); !asked.is_null()) one["asked"] = std::move(asked);
    out += canonical_json(one) + "\n";
  }
  return out;
}

}  // namespace dormouse::lab
