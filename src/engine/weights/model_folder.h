// Everything that is needed to run a model, from a folder in the hub's layout or from a GGUF file; and the
// way back to such a folder, which Python's transformers loads unchanged.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/files.h"
#include "core/text/chat_format.h"
#include "core/text/tokenizer.h"
#include "engine/weights/model_config.h"
#include "engine/weights/model_lookup.h"
#include "engine/weights/safetensors.h"
#include "engine/weights/tensor_source.h"

namespace dormouse::weights {

/// Token texts; "" for none.
struct SpecialTokens {
  std::string bos, eos, pad, unknown;

  bool operator==(const SpecialTokens&) const = default;
};

/// Immutable; copies share everything, and the mapped files live as long as any copy. Thread-safe.
class ModelFiles {
 public:
  /// `spec` is a known name ("smollm2-135m-instruct"), a folder (config.json, tokenizer.json,
  /// model.safetensors or shards with their index, ...) or a GGUF file. Throws kInput for anything missing,
  /// malformed or not supported; the tensors are checked against the config.
  static ModelFiles open(const std::string& spec);

  const ModelConfig& config() const;  // eos_token_ids include those of generation_config.json
  const text::Tokenizer& tokenizer() const;
  const SpecialTokens& special_tokens() const;
  const std::string& chat_template() const;  // Jinja source; "" if the model has none
  const fs::path& path() const;              // the folder or the GGUF file
  const TensorSource& tensors() const;

  /// Throws kInput if the model has no chat template, and what ChatFormat throws.
  text::ChatFormat chat_format() const;

  /// Digest of the weight files, see `sha256_of_weights`. The first call may read them whole.
  std::string sha256() const;

  struct State;

 private:
  explicit ModelFiles(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

/// Writes a folder that `ModelFiles::open` and transformers load: weights from `tensors` (hub names, of one
/// float type), all else as in `like`. A "lm_head.weight" beside tied embeddings is left away. Every file is
/// complete or absent, and config.json is written last. Throws kInput if the tensors do not fit the config,
/// kWork if writing fails.
void save_model_folder(const fs::path& folder, const ModelFiles& like,
                       const std::map<std::string, NamedTensor>& tensors);

/// The same for a model that differs from `like` in its shape.
void save_model_folder(const fs::path& folder, const ModelFiles& like, const ModelConfig& config,
                       const std::map<std::string, NamedTensor>& tensors);

}  // namespace dormouse::weights
