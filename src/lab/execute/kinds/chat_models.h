// Whoever only answers messages: a model on this machine, or one behind an API that a file describes.
#pragma once

#include <memory>

#include "engine/chat/api_options.h"
#include "engine/chat/chat_model.h"
#include "lab/execute/node_context.h"

namespace dormouse::lab {

/// A model given as a .yaml file is one behind an API. Its artefacts are stored under the bytes of that file.
bool is_api_file(const fs::path& path);

/// Throws kInput naming file and line.
chat::ApiOptions read_api_file(const fs::path& path);

/// The model in this role, to sample from.
std::unique_ptr<chat::ChatModel> open_chat_model(const NodeContext& context, const std::string& role);

}  // namespace dormouse::lab
