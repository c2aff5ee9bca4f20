// Reads the files that have a meaning to the ledger and the report (see node_context.h), and gives their rows
// the names and seeds of this recipe: once for each use of the node.
#pragma once

#include <vector>

#include "core/base/files.h"
#include "lab/recipe/graph.h"
#include "science/measure/rows.h"

namespace dormouse::lab {

/// Whether a report reads this file of an artefact: all that it needs, and no weights.
bool is_for_reports(const std::string& name);

/// measurements.jsonl of an artefact; empty if there is none. A null number is NaN: not measured. Entries that ask the
/// same of models of the same names say it once.
std::vector<measure::Measurement> named_measurements(const std::vector<Use>& uses, const fs::path& object);

/// transcripts.jsonl of an artefact; empty if there is none.
std::vector<measure::Transcript> named_transcripts(const std::vector<Use>& uses, const fs::path& object);

}  // namespace dormouse::lab
