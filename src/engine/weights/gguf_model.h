// A GGUF file as a model: config, vocabulary, chat template, tensors.
#pragma once

#include <memory>
#include <string>

#include "core/base/files.h"
#include "core/text/tokenizer.h"
#include "engine/weights/gguf_llama.h"
#include "engine/weights/model_config.h"
#include "engine/weights/tensor_source.h"

namespace dormouse::weights {

struct GgufModel {
  ModelConfig config;
  text::GgufVocabulary vocabulary;
  std::string chat_template;  // Jinja; "" if the file has none
  std::string name;           // general.name; "" if the file has none
  std::shared_ptr<const TensorSource> tensors;
};

/// Whether it is a file that begins as a GGUF does. Its name says little: caches of downloads leave the ending out.
bool is_gguf(const fs::path& path);

/// Maps the file; the map lives as long as `tensors`. Throws kInput as `Gguf`, `config_from_gguf` and
/// `GgufTensors` do, and for a tokenizer that is not byte-level BPE.
GgufModel open_gguf(const fs::path& path);

/// The same from bytes that outlive the result.
GgufModel parse_gguf(std::span<const std::byte> bytes, const std::string& place);

}  // namespace dormouse::weights
