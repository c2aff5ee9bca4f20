// Where the names in a recipe lead: model files and prompt sets on this machine.
#pragma once

#include <functional>
#include <string>

#include "core/base/files.h"

namespace dormouse::lab {

/// Where names lead to. The defaults know paths and the project's own prompt sets; the command line adds
/// models by name.
struct Sources {
  /// The file or folder of `models: name: SOURCE`. `place` is for the error.
  std::function<fs::path(const std::string& source, const std::string& place)> find_model;
  /// The JSONL file of "everyday/train" or of a path.
  std::function<fs::path(const std::string& name, const std::string& place)> find_prompts;
  /// A file or folder of data: a path, or one below the project's prompts ("honeypots/honeypots.yaml").
  std::function<fs::path(const std::string& name, const std::string& place)> find_data;
};

/// Relative paths are looked for beside the recipe, then in the current folder.
Sources default_sources(const fs::path& recipe_file);

}  // namespace dormouse::lab
