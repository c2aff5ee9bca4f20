// GPT-NeoX (Pythia) at the hub: other names than the Llama family's, one matrix for q, k and v with the heads side by
// side, and rotary embeddings of a head's first elements alone. Here it is put into the names and rows that the
// transformer has, so that nothing else knows of it.
//
// The order of a head's elements is free as long as q and k share it: here element i turns with i + D/2 in every
// family.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/weights/safetensors.h"
#include "engine/weights/tensor_source.h"

namespace dormouse::weights {

/// The tensors of a hub folder under the transformer's names. What the family has no place for keeps its own name.
class NeoxTensors final : public TensorSource {
 public:
  NeoxTensors(std::shared_ptr<const TensorSource> hub, const ModelConfig& config);

  std::vector<TensorInfo> tensors() const override;
  void read_f32(const std::string& name, std::span<float> out) const override;

 private:
  std::shared_ptr<const TensorSource> hub_;
  ModelConfig config_;
  std::map<std::string, TensorInfo> stored_;  // by the hub's name
};

/// The way back, to be written. The bytes of what had to be put together are in `storage`, which must outlive the
/// result.
std::map<std::string, NamedTensor> neox_tensors(const ModelConfig& config,
                                                const std::map<std::string, NamedTensor>& tensors,
                                                std::vector<std::vector<std::byte>>& storage);

}  // namespace dormouse::weights
