// Where the names in a recipe lead: model files and prompt sets on this machine.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "core/base/files.h"
#include "engine/weights/model_config.h"

namespace dormouse::lab {

/// A model or a prompt set that is not on this machine. A plan can do without, a run cannot.
struct Absent {
  std::string name;                 // as the recipe has it
  std::string place;                // where the recipe has it
  std::string next;                 // how to get it
  weights::ModelConfig shape = {};  // of a model
  std::string refused = {};         // of a model that this version would not run: why
};

struct FoundModel {
  fs::path path;  // of a file or folder; empty for an absent one
  std::optional<Absent> absent = {};
};

/// Where names lead to. The defaults know paths and the project's own prompt sets; the command line adds
/// models by name.
struct Sources {
  /// `models: name: SOURCE`. `place` is for the error.
  std::function<FoundModel(const std::string& source, const std::string& place)> find_model;
  /// The JSONL file of "everyday/train" or of a path, which may lead to nothing if it ends in .jsonl or .jsonl.gz.
  std::function<fs::path(const std::string& name, const std::string& place)> find_prompts;
  /// A file or folder of data: a path, or one below the project's prompts ("honeypots/honeypots.yaml"). What begins
  /// with data/ is the user's, and may lead to nothing.
  std::function<fs::path(const std::string& name, const std::string& place)> find_data;
};

/// Relative paths are looked for beside the recipe, then in the current folder. A model may be a config.json: the shape
/// of an absent one.
Sources default_sources(const fs::path& recipe_file);

}  // namespace dormouse::lab
