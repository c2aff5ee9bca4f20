#include "lab/execute/artefacts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

namespace dormouse::lab {

namespace {

std::vector<Json> read_rows(const fs::path& path) {
  std::vector<Json> rows;
  if (!fs::exists(path)) return rows;
  int64_t number = 0;
  for (const auto& line : read_lines(path)) {
    rows.push_back(parse_json(line, fmt::format("{}:{}", path.string(), ++number)));
  }
  return rows;
}

// JSON has no NaN.
void restore_nan(Json& row) {
  for (const char* key : {"value", "low", "high"}) {
    if (row.contains(key) && row[key].is_null()) row[key] = std::nan("");
  }
}

std::string name_of(const Use& use, const std::string& role) {
  if (role == "self") return use.stage;
  const auto found = use.names.find(role);
  return found == use.names.end() ? role : found->second;
}

/// Two entries of a recipe that ask the same of the same models say it once.
template <class Row>
std::vector<Row> for_each_use(const std::vector<Row>& rows, const std::vector<Use>& uses) {
  const bool names_the_stage =
      std::any_of(rows.begin(), rows.end(), [](const Row& row) { return row.model == "self" || row.stage == "self"; });
  std::set<std::tuple<int64_t, std::map<std::string, std::string>, std::string>> said;
  std::vector<Row> named;
  for (const Use& use : uses) {
    if (!said.insert({use.seed, use.names, names_the_stage ? use.stage : ""}).second) continue;
    for (Row row : rows) {
      row.model = name_of(use, row.model.empty() ? "model" : row.model);
      if (!row.stage.empty()) row.stage = name_of(use, row.stage);
      row.seed = use.seed;
      named.push_back(std::move(row));
    }
  }
  return named;
}

}  // namespace

bool is_for_reports(const std::string& name) {
  static const std::set<std::string> names = {"measurements.jsonl", "transcripts.jsonl", "account.json", "curve.jsonl",
                                              "model/config.json"};
  return names.contains(name);
}

std::vector<measure::Measurement> named_measurements(const std::vector<Use>& uses, const fs::path& object) {
  const fs::path path = object / "measurements.jsonl";
  std::vector<measure::Measurement> rows;
  for (Json& row : read_rows(path)) {
    restore_nan(row);
    rows.push_back(measure::measurement_from_json(row, path.string()));
  }
  return for_each_use(rows, uses);
}

std::vector<measure::Transcript> named_transcripts(const std::vector<Use>& uses, const fs::path& object) {
  const fs::path path = object / "transcripts.jsonl";
  std::vector<measure::Transcript> rows;
  for (const Json& row : read_rows(path)) rows.push_back(measure::transcript_from_json(row, path.string()));
  return for_each_use(rows, uses);
}

}  // namespace dormouse::lab
