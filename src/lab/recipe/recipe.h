// A recipe: the YAML file that says which models there are, what is done to them, and what is measured.
// Loading checks everything that needs no model: keys, types, ranges, references, cycles. Each error is exit
// 2 and names file and line.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/files.h"
#include "core/config/fields.h"
#include "lab/recipe/kinds.h"

namespace dormouse::lab {

/// One stage or one measurement, read and checked.
struct StageEntry {
  std::string name;  // "organism"; a measurement has the name of its kind, then "persistence-2"
  const StageKind* kind = nullptr;
  std::unique_ptr<StageOptions> options;
  std::vector<std::string> references;        // models and stages it names, without repetition
  std::string place;                          // "file.yaml:7"
  std::map<std::string, std::string> places;  // key -> where it was written

  /// Where the key was written; the entry's own place when its default stands.
  const std::string& place_of(const std::string& key) const;

  /// The options as the struct that the kind made.
  template <class Options>
  const Options& options_as() const {
    return dynamic_cast<const Options&>(*options);
  }
};

struct ModelEntry {
  std::string name;
  std::string source;  // a known name, a folder, a GGUF, hub:org/name
  std::string place;
};

struct ReportOptions {
  std::string scorecard;
  std::string question;

  std::vector<Field> fields() {
    return {
        {"scorecard", &scorecard, "the paper's numbers to set beside ours, a name below scorecards"},
        {"question", &question, "what this recipe asks, in one sentence; shown on top of the report"},
    };
  }
};

struct Recipe {
  std::string file;  // as given by the user
  std::string name;
  std::string description;
  std::vector<int64_t> seeds;
  std::vector<ModelEntry> models;
  std::vector<StageEntry> stages;    // a stage stands behind those it refers to
  std::vector<StageEntry> measures;  // in the order of the file
  ReportOptions report;
  std::map<std::string, std::string> report_places;  // key -> where it was written

  const ModelEntry* find_model(const std::string& model) const;
};

/// `sets` are the values of --set: "seed=2", "stages.organism.plant.epochs=3",
/// "measure.0.persistence.samples=200".
Recipe load_recipe(const fs::path& path, const std::vector<std::string>& sets = {});

/// The same from memory; `file` is the name used in errors.
Recipe parse_recipe(std::string_view text, const std::string& file, const std::vector<std::string>& sets = {});

/// What the kinds say about the models, for the report: {"models": [{"name", "role", "source", "parent",
/// ...}], "policy": {...}, "question", "scorecard"}, see StageKind::about. "policy" is the first organism's; each
/// organism has its own.
Json recipe_facts(const Recipe& recipe);

/// The recipe with every default written out; loads as the same recipe.
std::string resolved_yaml(const Recipe& recipe);

}  // namespace dormouse::lab
