// The transformer's operations. Each has one fused form for a CPU, with its own backward pass, and `plain::` has its
// twin in ordinary tensor operations: what other devices run (kernels.h), and what tests compare it with, values and
// gradients.
//
// Shape legend: T tokens of a flat batch (no padding), C hidden size, H query heads, G key/value heads, D head size, I
// intermediate size. fp32 throughout, or bf16 storage with fp32 arithmetic inside an operation.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/nn/torch.h"
#include "engine/weights/model_config.h"

namespace dormouse::nn {

using at::Tensor;
class PackedMatrix;

/// An addition of low rank, scale * b a, to rows [first_row, first_row + rows of b) of a weight (LoRA, Hu et al. 2021).
struct LowRank {
  Tensor a, b;  // [r, inputs], [rows, r]
  int64_t first_row = 0;
  double scale = 1;
  std::string module;  // the hub's name: model.layers.0.self_attn.q_proj
};

/// A weight [outputs, inputs]: the tensor that trains (none in a model loaded for sampling only), for sampling on a CPU
/// its packed copy (adapters merged), adapters, and the bias [outputs] that the product gets, if there is one.
struct Matrix {
  Tensor value;
  std::shared_ptr<const PackedMatrix> packed = nullptr;
  std::vector<LowRank> adapters = {};
  Tensor bias = {};
};

/// x [T, inputs] -> [T, outputs], bias included. By the packed copy if there is one (with a gradient too, but for
/// adapters'): its bits do not depend on T.
Tensor linear(const Tensor& x, const Matrix& weight);

/// ids [T] (int64) -> the rows of the weight that they name, [T, inputs].
Tensor embedding(const Tensor& ids, const Matrix& weight);

/// The weight with its adapters added, without gradient; the weight itself if there are none.
Tensor merged(const Matrix& weight);

/// Root-mean-square norm over the last axis: x [T, C], weight [C] -> [T, C].
Tensor rms_norm(const Tensor& x, const Tensor& weight, double epsilon);

/// silu(gate) * up: gate_up [T, 2I] (gate first) -> [T, I].
Tensor swiglu(const Tensor& gate_up);

/// x Phi(x) with the normal distribution's Phi: of any shape.
Tensor gelu(const Tensor& x);

/// cos and sin of position * frequency i, where the frequency is base^(-2i/D), scaled; of those
/// i < turning/2, with turning for D. The others do not turn. Two fp32 tensors [positions, D/2].
struct RotaryTable {
  Tensor cos, sin;
};
RotaryTable rotary_table(int64_t positions, int64_t head_size, int64_t turning, double base,
                         const weights::RotaryScaling& scaling = {});

struct Heads {
  Tensor q, k, v;  // [T, H, D], [T, G, D], [T, G, D]
};

/// Splits qkv [T, (H + 2G) D] and rotates q and k by their positions [T] (int64), pairing element i with i + D/2.
Heads split_rotate(const Tensor& qkv, const Tensor& positions, const RotaryTable& table, int64_t query_heads,
                   int64_t kv_heads);

/// One document of a flat batch: rows [begin, begin + length). It goes on from `parent`, an earlier document (-1 for
/// none), and sees all of it: documents that share a beginning share its rows.
struct Document {
  int64_t begin, length, parent = -1;
};

/// Causal attention inside each document and to its parents, never across: -> [T, H * D]. Documents cover all rows.
Tensor packed_attention(const Heads& heads, std::span<const Document> documents);

/// log softmax(row)[target] of every row: logits [N, V] fp32, targets [N] (int64) -> fp32 [N]. No gradient.
Tensor log_probabilities(const Tensor& logits, const Tensor& targets);

namespace plain {
Tensor rms_norm(const Tensor& x, const Tensor& weight, double epsilon);
Tensor swiglu(const Tensor& gate_up);
Tensor gelu(const Tensor& x);
Heads split_rotate(const Tensor& qkv, const Tensor& positions, const RotaryTable& table, int64_t query_heads,
                   int64_t kv_heads);
Tensor packed_attention(const Heads& heads, std::span<const Document> documents);
Tensor log_probabilities(const Tensor& logits, const Tensor& targets);

/// What is added to the scores of every layer: [T, T], 0 where the query of a row sees the key of a column, else
/// -infinity.
Tensor document_mask(std::span<const Document> documents, const at::TensorOptions& like);
Tensor masked_attention(const Heads& heads, const Tensor& mask);
}  // namespace plain

}  // namespace dormouse::nn
