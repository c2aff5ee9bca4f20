// What the commands about recipes and runs share.
#pragma once

#include <string>
#include <vector>

#include "core/base/files.h"
#include "lab/recipe/graph.h"
#include "lab/store/ledger.h"
#include "lab/store/store.h"

namespace dormouse::cli {

/// Loads the recipe, checks that its prompt sets do not overlap, and builds the graph.
struct LoadedRecipe {
  lab::Recipe recipe;
  lab::Graph graph;
};
LoadedRecipe load(const std::string& file, const std::vector<std::string>& sets);

/// Writes the report of a run; returns the path of report.html.
fs::path write_run_report(const std::string& run, const lab::Store& store, const lab::Ledger& ledger, fs::path out);

}  // namespace dormouse::cli
