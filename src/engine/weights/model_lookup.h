// Where a model's name leads to, and the digest of its weights.
#pragma once

#include <string>
#include <vector>

#include "core/base/files.h"

namespace dormouse::weights {

/// Names that need no path.
const std::vector<std::string>& known_models();

/// The file of a known model: for smollm2-135m-instruct $DORMOUSE_SMOLLM2, else what scripts/setup put below
/// the home folder. Throws kInput, with what to do, if it is not there.
fs::path find_model_file(const std::string& name);

/// A known name's file, the download of hub:ORG/NAME (hub_models.h), or the path itself. Throws kInput if there is
/// nothing there.
fs::path find_model(const std::string& spec);

/// SHA-256 of one file; of several, that of lines "NAME DIGEST" sorted by name. The digests of files are
/// kept, keyed by path, size and time of change, in $XDG_CACHE_HOME (or ~/.cache)/dormouse/sha256.json;
/// failing to is no error.
std::string sha256_of_weights(const std::vector<fs::path>& files);

}  // namespace dormouse::weights
