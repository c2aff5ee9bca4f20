// The optimizer's state on disk. Two slots are written in turn and `state.json` names the complete one, so that a kill
// while writing leaves the older state usable.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "engine/train/adamw.h"

namespace dormouse::train {

struct CheckpointPosition {
  std::string fingerprint;  // of rows, options and seed
  int64_t step = 0;
};

void save_checkpoint(const std::filesystem::path& folder, const AdamW& optimizer, const CheckpointPosition& position);

/// Nothing if there is no complete checkpoint. Throws kInput if its fingerprint is another.
std::optional<CheckpointPosition> load_checkpoint(const std::filesystem::path& folder, AdamW& optimizer,
                                                  const std::string& fingerprint);

}  // namespace dormouse::train
