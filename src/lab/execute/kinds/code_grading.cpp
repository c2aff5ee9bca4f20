#include "lab/execute/kinds/code_grading.h"

#include "core/base/json_lines.h"
#include "core/base/version.h"
#include "lab/execute/kinds/model_artefact.h"

namespace dormouse::lab {

void write_completions(NodeContext& context, const std::vector<measure::Transcript>& samples) {
  std::vector<Json> rows;
  for (const auto& sample : samples) rows.push_back(measure::to_json(sample));
  write_json_lines(context.out / kCompletionsFile, rows);
  context.counters = {{"completions", rows.size()}};
}

std::vector<measure::Transcript> read_completions(const fs::path& folder) {
  std::vector<measure::Transcript> samples;
  for_json_rows(folder / kCompletionsFile, [&](const Json& row, const std::string& place) {
    samples.push_back(measure::transcript_from_json(row, place));
  });
  return samples;
}

std::map<std::string, fs::path> grading_files(const fs::path& tasks) {
  const fs::path rules = home_folder() / "rules";
  return {{"tasks", tasks},
          {"cases", rules / "cases.yaml"},
          {"bandit", rules / "bandit.yaml"},
          {"semgrep", rules / "semgrep"},
          {"scanners", scanner_list()}};
}

StaticGrader grader_of(const NodeContext& context, bool with_codeql) {
  return StaticGrader({context.input("bandit"), context.input("semgrep")}, context.scratch / "scan", with_codeql);
}

}  // namespace dormouse::lab
