// `include: [a.yaml, b.yaml]`: a recipe made of others. Work is shared by its hash, so that what two of them ask for is
// done once.
#pragma once

#include "core/base/files.h"
#include "lab/recipe/yaml.h"

namespace dormouse::lab {

/// Throws kInput for a key that no recipe has at its root.
void check_root_keys(const YamlNode& root);

/// Puts the models, stages and measurements of the included files, and of those that they include, before the ones of
/// `root`, which was read from `file`, and removes `include`. Their names, descriptions, seeds and reports stay behind.
/// Paths lead from the including file's folder to files in it or below. A file counts once, and so does a measurement
/// that stands in several. Throws kInput with file and line for a missing file, a path that leaves the folder, a cycle,
/// a model or stage of one name and two meanings, and for files whose first models differ, since a stage may take the
/// first model by default.
void merge_includes(YamlNode& root, const fs::path& file);

}  // namespace dormouse::lab
