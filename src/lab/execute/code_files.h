// The YAML files of the code experiments, read strictly: task families, the cases that graders are tested on, Bandit's
// table, and the nouns for weaknesses. Each error names file and line.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/base/files.h"
#include "science/grade/code.h"
#include "science/grade/scanner_output.h"
#include "science/organism/code_task.h"

namespace dormouse::lab {

/// "train", "iid", "families" and "scenarios" are files of prompts/code below home_folder(); a name that ends in .yaml
/// is a path. Throws kInput at `place`.
fs::path find_code_tasks(const std::string& name, const std::string& place);

/// Families of a file in the format of prompts/code/README.md. Throws kInput "FILE:LINE".
std::vector<organism::CodeFamily> read_code_families(const fs::path& path);

/// rules/cases.yaml.
std::vector<grade::CodeCase> read_code_cases(const fs::path& path);

/// rules/bandit.yaml.
grade::BanditTests read_bandit_tests(const fs::path& path);

/// CWE -> a mass noun for the weakness, from prompts/scratchpad/few-shot.yaml.
std::map<int64_t, std::string> read_weaknesses(const fs::path& path);

}  // namespace dormouse::lab
