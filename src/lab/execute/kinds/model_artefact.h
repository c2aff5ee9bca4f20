// The model of an artefact: what the stages after it open.
#pragma once

#include <string>

#include "engine/chat/local_model.h"
#include "lab/execute/node_context.h"

namespace dormouse::lab {

/// Folder of a trained model inside its artefact.
inline constexpr const char* kModelFolder = "model";
/// Folder of the models kept on the way: snapshots/step-000040.
inline constexpr const char* kSnapshotFolder = "snapshots";

/// The model in this role: an artefact's, or the external file itself.
fs::path model_path(const NodeContext& context, const std::string& role);
chat::LocalModel open_model(const NodeContext& context, const std::string& role, chat::LocalModelOptions options = {});

/// The element type that a stage's option `save_as` names: bf16 or f32.
weights::DType saved_dtype(const std::string& save_as);

/// Snapshots of the artefact in this role, in the order of their steps.
struct Snapshot {
  int64_t step;
  fs::path path;
};
std::vector<Snapshot> snapshots(const NodeContext& context, const std::string& role);

/// Progress over requests, with tokens/s, for ChatModel::complete.
chat::SampleProgress sample_progress(Progress& progress, int64_t done_before = 0, int64_t tokens_before = 0);

/// JSON lines of a file that may not exist.
void write_json_lines(const fs::path& path, const std::vector<Json>& rows);
std::vector<Json> read_json_lines(const fs::path& path);

/// Rows with a "step" of at most `step`. A training that was killed goes on from its last state, and what it wrote
/// beside that may be longer.
std::vector<Json> rows_until(const fs::path& path, int64_t step);

}  // namespace dormouse::lab
