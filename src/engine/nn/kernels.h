// The two ways to compute a transformer. Our own kernels read and write a CPU's memory; the plain twins are ordinary
// tensor operations, which every device has. Transformer::to chooses by the device, and nothing else does. A model on a
// CPU that is told to use the plain ones runs what a GPU would, which is how tests see that path without one.
#pragma once

#include <memory>
#include <vector>

#include "engine/nn/attention.h"

namespace dormouse::nn {

struct Kernels {
  bool own;  // packed weights, the panels of a cache and AdamW's one pass, which are no operations on tensors, go by it
  Tensor (*rms_norm)(const Tensor& x, const Tensor& weight, double epsilon);
  Tensor (*swiglu)(const Tensor& gate_up);
  Tensor (*gelu)(const Tensor& x);
  Heads (*split_rotate)(const Tensor& qkv, const Tensor& positions, const RotaryTable& table, int64_t query_heads,
                        int64_t kv_heads);
  Tensor (*log_probabilities)(const Tensor& logits, const Tensor& targets);
  std::unique_ptr<Attention> (*document_attention)(std::vector<Document> documents);
};

const Kernels& own_kernels();
const Kernels& plain_kernels();

}  // namespace dormouse::nn
