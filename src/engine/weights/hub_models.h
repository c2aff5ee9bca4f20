// Models by their names on the hub: where a download lies, and the shape of one that was not downloaded.
#pragma once

#include <optional>
#include <string>

#include "core/base/files.h"
#include "engine/weights/model_config.h"

namespace dormouse::weights {

/// Shape of a model whose files are not on this machine: enough for a plan.
struct KnownShape {
  ModelConfig config;   // sizes alone (shape_from_json)
  std::string refused;  // why this version would not run the model; "" if it would
};

/// The folder that `download_command` makes: $HF_HUB_CACHE, or $HF_HOME/hub, or ~/.cache/huggingface/hub, then the
/// snapshot of `main`. Nothing if it is not there or holds no weights. Throws kInput at `place` unless `name` is
/// ORG/NAME.
std::optional<fs::path> downloaded_model(const std::string& name, const std::string& place);

/// What a user types to have it: "hf download ORG/NAME".
std::string download_command(const std::string& name);

/// Of ORG/NAME: from a config.json that was downloaded alone, else from the table recipes/hub-models.jsonl. Throws
/// kInput at `place`, with what to do, if neither knows it.
KnownShape shape_of_hub_model(const std::string& name, const std::string& place);

/// From a config.json.
KnownShape shape_of_config(const fs::path& config_json);

}  // namespace dormouse::weights
