// Named tensors of a model, whatever file they lie in. Names and shapes are the hub's.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/weights/dtype.h"
#include "engine/weights/model_config.h"

namespace dormouse::weights {

struct TensorInfo {
  std::string name;            // "model.layers.0.self_attn.q_proj.weight"
  std::vector<int64_t> shape;  // torch's order: [out features, in features]
  DType stored = DType::kF32;  // kF32 where the file holds quantised blocks
  std::string stored_name;     // as the file's format calls it: "BF16", "Q4_1"

  int64_t elements() const;
};

/// Reading is const and may happen on several threads at once.
class TensorSource {
 public:
  virtual ~TensorSource() = default;

  virtual std::vector<TensorInfo> tensors() const = 0;

  /// Fills `out`, row by row; its size must be the tensor's number of elements. Throws kInput for a name that
  /// is not there and for a tensor of integers.
  virtual void read_f32(const std::string& name, std::span<float> out) const = 0;
};

struct NamedShape {
  std::string name;
  std::vector<int64_t> shape;
};

/// The parameters a model of this config has, in the order of the network. Tied embeddings have no
/// "lm_head.weight".
std::vector<NamedShape> expected_tensors(const ModelConfig& config);

/// "[576, 1536]"
std::string shape_text(const std::vector<int64_t>& shape);

/// Throws one kInput that lists every missing, unexpected and wrongly shaped tensor. Two kinds of surplus
/// that the hub's own loader passes over are passed over here too: stored rotary tables, and a
/// "lm_head.weight" beside tied embeddings.
void check_tensors(const ModelConfig& config, const TensorSource& source, const std::string& place);

}  // namespace dormouse::weights
