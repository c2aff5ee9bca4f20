// What a GGUF of the `llama` architecture (Llama, SmolLM, Mistral) says, in the hub's words: config, names,
// and the order of rows. The converter to GGUF interleaves the two halves of each head's q and k rows;
// reading undoes exactly that.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/files.h"
#include "engine/weights/gguf.h"
#include "engine/weights/tensor_source.h"

namespace dormouse::weights {

/// Throws kInput for another architecture, scaled rotary embeddings, experts, and sizes that `check_config`
/// refuses.
ModelConfig config_from_gguf(const Gguf& gguf);

/// "blk.3.attn_q.weight" -> "model.layers.3.self_attn.q_proj.weight"; a name that is not of the family is
/// returned as it is.
std::string hub_name(const std::string& gguf_name);

class GgufTensors final : public TensorSource {
 public:
  /// Checks that the tensors are those of `config`. `file` owns the bytes of `gguf` (null where the caller
  /// does).
  GgufTensors(Gguf gguf, const ModelConfig& config, std::shared_ptr<const MappedFile> file);

  std::vector<TensorInfo> tensors() const override;
  void read_f32(const std::string& name, std::span<float> out) const override;

 private:
  struct Entry {
    GgufTensor tensor;
    int64_t heads = 0;  // whose rows are interleaved; 0: rows in order
  };

  std::shared_ptr<const MappedFile> file_;
  std::string place_;
  std::vector<std::string> order_;  // hub names, in the file's order
  std::unordered_map<std::string, Entry> entries_;
};

}  // namespace dormouse::weights
