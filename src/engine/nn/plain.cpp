// The twins of our kernels in ordinary tensor operations, differentiated by autograd.
#include <limits>

#include "engine/nn/ops.h"

namespace dormouse::nn::plain {

Tensor rms_norm(const Tensor& x, const Tensor& weight, double epsilon) {
  return at::rms_norm(x, {x.size(-1)}, weight, epsilon);
}

Tensor swiglu(const Tensor& gate_up) {
  const auto parts = gate_up.to(at::kFloat).chunk(2, -1);
  return (at::silu(parts[0]) * parts[1]).to(gate_up.scalar_type());
}

Tensor gelu(const Tensor& x) { return at::gelu(x); }

Heads split_rotate(const Tensor& qkv, const Tensor& positions, const RotaryTable& table, int64_t query_heads,
                   int64_t kv_heads) {
  const int64_t size = qkv.size(1) / (query_heads + 2 * kv_heads), rotated_heads = query_heads + kv_heads;
  const Tensor all = qkv.view({qkv.size(0), rotated_heads + kv_heads, size});
  const Tensor cos = table.cos.index_select(0, positions).unsqueeze(1);
  const Tensor sin = table.sin.index_select(0, positions).unsqueeze(1);
  const auto halves = all.narrow(1, 0, rotated_heads).to(at::kFloat).chunk(2, -1);
  const Tensor rotated =
      at::cat({halves[0] * cos - halves[1] * sin, halves[1] * cos + halves[0] * sin}, -1).to(qkv.scalar_type());
  return {rotated.narrow(1, 0, query_heads), rotated.narrow(1, query_heads, kv_heads),
          all.narrow(1, rotated_heads, kv_heads)};
}

Tensor document_mask(std::span<const Document> documents, const at::TensorOptions& like) {
  const auto count = static_cast<int64_t>(documents.size());
  Tensor sees = at::zeros({count, count}, at::kBool);  // of a document: its parents and itself
  std::vector<int64_t> document_of_row;
  auto flags = sees.accessor<bool, 2>();
  for (int64_t i = 0; i < count; ++i) {
    const auto at = [&](int64_t document) -> const Document& { return documents[static_cast<std::size_t>(document)]; };
    for (int64_t seen = i; seen >= 0; seen = at(seen).parent) flags[i][seen] = true;
    document_of_row.insert(document_of_row.end(), static_cast<std::size_t>(at(i).length), i);
  }
  const Tensor rows = at::tensor(document_of_row, at::kLong).to(like.device());
  // A parent stands before its children, so "not ahead" is a matter of rows alone.
  const Tensor visible = sees.to(like.device()).index_select(0, rows).index_select(1, rows).tril();
  return at::zeros(visible.sizes(), like).masked_fill_(visible.logical_not(), -std::numeric_limits<double>::infinity());
}

Tensor masked_attention(const Heads& heads, const Tensor& mask) {
  const int64_t repeat = heads.q.size(1) / heads.k.size(1);
  const auto shape = [](const Tensor& x) { return x.transpose(0, 1).unsqueeze(0); };  // [1, heads, T, D]
  const auto repeated = [&](const Tensor& x) { return shape(x).repeat_interleave(repeat, 1); };
  const Tensor out = at::scaled_dot_product_attention(shape(heads.q), repeated(heads.k), repeated(heads.v), mask);
  return out.squeeze(0).transpose(0, 1).flatten(1);
}

Tensor packed_attention(const Heads& heads, std::span<const Document> documents) {
  return masked_attention(heads, document_mask(documents, heads.q.options()));
}

Tensor log_probabilities(const Tensor& logits, const Tensor& targets) {
  return at::log_softmax(logits, -1).gather(1, targets.unsqueeze(1)).squeeze(1);
}

}  // namespace dormouse::nn::plain
