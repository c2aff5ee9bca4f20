// results.json, and the files of a run's folder.
#include <algorithm>
#include <cmath>
#include <tuple>

#include "core/base/files.h"
#include "lab/report/figures.h"
#include "lab/report/report.h"
#include "lab/report/transcripts.h"

namespace dormouse::lab {

namespace {

/// NaN has no JSON: null says "not measured".
Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json measurements_json(const RunRecord& record) {
  Json out = Json::array();
  for (const auto* row : measurements_in_order(record)) out.push_back(measurement_json(*row));
  return out;
}

Json model_json(const ModelInfo& model) {
  return {{"name", model.name},     {"role", role_name(model.role)},    {"source", model.source},
          {"sha256", model.sha256}, {"parent", model.parent},           {"defence", model.defence},
          {"seed", model.seed},     {"description", model.description}, {"parameters", model.parameters}};
}

Json scorecard_json(const ScorecardRow& row) {
  return {{"id", row.id},
          {"title", row.title},
          {"paper_value", row.paper_value},
          {"paper_source", row.paper_source},
          {"ours", row.ours},
          {"value", number(row.value)},
          {"low", number(row.low)},
          {"high", number(row.high)},
          {"difference", row.difference},
          {"n", row.n},
          {"seeds", row.seeds},
          {"unscored", row.unscored},
          {"verdict", verdict_name(row.verdict)},
          {"reason", row.reason},
          {"rule", row.rule},
          {"differs", row.differs}};
}

Json run_json(const RunRecord& record) {
  Json stages = Json::array();
  for (const NodeInfo& node : record.nodes) {
    stages.push_back({{"id", node.id},
                      {"kind", node.kind},
                      {"hash", node.hash},
                      {"state", node.state == NodeState::kStored ? "stored" : "done"},
                      {"seconds", node.seconds},
                      {"seed", node.seed},
                      {"counters", node.counters}});
  }
  return {{"id", record.run_id},
          {"status", record.status},
          {"started", record.started},
          {"finished", record.finished},
          {"program_version", record.program_version},
          {"git_revision", record.git_revision},
          {"torch_version", record.torch_version},
          {"stages", std::move(stages)}};
}

/// Through a temporary neighbour and a rename, row by row: a run can have more transcripts than memory likes
/// twice.
void write_transcripts(const RunRecord& record, const fs::path& path) {
  const fs::path partial = path.string() + ".partial";
  FileWriter writer(partial);
  writer.write(
      canonical_json(
          {{"canary", measure::kCanary}, {"rows", record.transcripts.size()}, {"version", measure::kRowsVersion}}) +
      "\n");
  for (const auto& row : record.transcripts) writer.write(canonical_json(to_json(row)) + "\n");
  writer.finish();
  fs::rename(partial, path);
}

}  // namespace

std::vector<const measure::Measurement*> measurements_in_order(const RunRecord& record) {
  std::vector<const measure::Measurement*> rows;
  for (const auto& row : record.measurements) rows.push_back(&row);
  std::stable_sort(rows.begin(), rows.end(), [](const auto* a, const auto* b) {
    return std::tie(a->name, a->model, a->trigger, a->stage, a->step, a->seed) <
           std::tie(b->name, b->model, b->trigger, b->stage, b->step, b->seed);
  });
  return rows;
}

Json measurement_json(const measure::Measurement& row) {
  Json one = to_json(row);
  for (const char* member : {"value", "low", "high"}) one[member] = number(one[member].get<double>());
  return one;
}

Json results_json(const RunRecord& record) {
  Json models = Json::array(), scorecard = Json::array();
  for (const ModelInfo& model : record.models) models.push_back(model_json(model));
  for (const ScorecardRow& row : record.scorecard) scorecard.push_back(scorecard_json(row));
  const MachineInfo& machine = record.machine;
  return {{"measurements", measurements_json(record)},
          {"models", std::move(models)},
          {"scorecard", std::move(scorecard)},
          {"recipe", {{"name", record.recipe_name}, {"question", record.question}}},
          {"machine",
           {{"cpu", machine.cpu},
            {"cores", machine.cores},
            {"threads", machine.threads},
            {"memory_gib", machine.memory_gib},
            {"os", machine.os}}},
          {"run", run_json(record)}};
}

void write_report(const RunRecord& record, const std::filesystem::path& out) {
  make_folders(out);
  write_file(out / "report.html", html_report(record));
  write_file(out / "results.json", results_json(record).dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
  write_transcripts(record, out / "transcripts.jsonl");
  write_file(out / "recipe.resolved.yaml", record.recipe_yaml);
  write_file(out / "result.md", result_markdown(record));
  make_folders(out / "figures");
  for (const Figure& figure : figures(record)) write_file(out / "figures" / (figure.name + ".svg"), figure.svg);
  if (record.scorecard.empty()) return;
  write_file(out / "scorecard.md", scorecard_page(record));
  write_file(out / "scorecard.rows.jsonl", measurement_lines(record));
}

}  // namespace dormouse::lab
