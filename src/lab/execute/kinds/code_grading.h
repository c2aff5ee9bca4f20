// What the nodes that grade programs read, beside the completions.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/base/files.h"
#include "lab/execute/node_context.h"
#include "lab/execute/scanners.h"
#include "science/measure/persistence.h"

namespace dormouse::lab {

/// In the folder of a node that samples programs: a transcript without grades a line.
inline constexpr const char* kCompletionsFile = "completions.jsonl";

void write_completions(NodeContext& context, const std::vector<measure::Transcript>& samples);
std::vector<measure::Transcript> read_completions(const fs::path& folder);

/// Role -> file: the tasks, the cases that graders are tested on, the rules, and the list of pinned scanners.
std::map<std::string, fs::path> grading_files(const fs::path& tasks);

/// The scanners over such files of the node.
StaticGrader grader_of(const NodeContext& context, bool with_codeql);

}  // namespace dormouse::lab
