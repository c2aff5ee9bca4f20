// Attention over a flat batch of documents, for training and scoring. A document is cut into blocks of queries; a block
// sees the keys before its end. Probabilities are made again in the backward pass instead of being kept.
#include <cmath>
#include <limits>

#include "core/base/error.h"
#include "engine/nn/ops.h"

namespace dormouse::nn {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

constexpr int64_t kQueryBlock = 256;

// One block of queries of one document. All heads of a key/value group stand below each other, so that a group is one
// matrix product: q [G, (H/G) * rows, D], k and v [G, keys, D].
struct Block {
  Tensor q, k, v;
  int64_t first, rows, keys;
};

Tensor group_queries(const Tensor& x, int64_t begin, int64_t rows, int64_t groups) {
  const int64_t heads = x.size(1), size = x.size(2);
  return x.narrow(0, begin, rows)
      .reshape({rows, groups, heads / groups, size})
      .permute({1, 2, 0, 3})
      .reshape({groups, heads / groups * rows, size});
}

void ungroup_queries(const Tensor& grouped, const Tensor& out, int64_t begin, int64_t rows) {
  const int64_t groups = grouped.size(0), heads = out.size(1), size = out.size(2);
  out.narrow(0, begin, rows)
      .view({rows, groups, heads / groups, size})
      .copy_(grouped.view({groups, heads / groups, rows, size}).permute({2, 0, 1, 3}));
}

Tensor keys_of(const Tensor& x, int64_t begin, int64_t keys) { return x.narrow(0, begin, keys).transpose(0, 1); }

template <class Visit>
void for_blocks(std::span<const Document> documents, Visit visit) {
  for (const auto& document : documents) {
    for (int64_t first = 0; first < document.length; first += kQueryBlock) {
      visit(document, first, std::min(kQueryBlock, document.length - first));
    }
  }
}

// softmax(q k^T / sqrt(D)) with the future masked: fp32 [G, (H/G) rows, keys].
Tensor probabilities(const Block& block) {
  const double scale = 1.0 / std::sqrt(static_cast<double>(block.q.size(2)));
  Tensor scores = at::bmm(block.q, block.k.transpose(1, 2)).to(at::kFloat).mul_(scale);
  const Tensor column = at::arange(block.keys, scores.options().dtype(at::kLong));
  const Tensor row = at::arange(block.first, block.first + block.rows, column.options());
  const Tensor future = column.unsqueeze(0) > row.unsqueeze(1);
  scores.view({block.q.size(0), -1, block.rows, block.keys})
      .masked_fill_(future, -std::numeric_limits<double>::infinity());
  return at::softmax(scores, -1);
}

Block make_block(const Heads& heads, const Document& document, int64_t first, int64_t rows) {
  const int64_t groups = heads.k.size(1), keys = first + rows;
  return {group_queries(heads.q, document.begin + first, rows, groups), keys_of(heads.k, document.begin, keys),
          keys_of(heads.v, document.begin, keys), first, rows, keys};
}

Tensor attention_forward(const Heads& heads, std::span<const Document> documents) {
  Tensor out = at::empty_like(heads.q);
  for_blocks(documents, [&](const Document& document, int64_t first, int64_t rows) {
    const Block block = make_block(heads, document, first, rows);
    const Tensor p = probabilities(block).to(block.v.scalar_type());
    ungroup_queries(at::bmm(p, block.v), out, document.begin + first, rows);
  });
  return out.view({out.size(0), -1});
}

struct PackedAttention : Function<PackedAttention> {
  static Tensor forward(AutogradContext* context, const Tensor& q, const Tensor& k, const Tensor& v,
                        std::vector<int64_t> bounds) {
    std::vector<Document> documents;
    for (std::size_t i = 0; i + 1 < bounds.size(); i += 2) documents.push_back({bounds[i], bounds[i + 1]});
    Tensor out = attention_forward({q, k, v}, documents);
    context->save_for_backward({q, k, v});
    context->saved_data["bounds"] = std::move(bounds);
    return out;
  }

  // dv = p^T do;  ds = p * (dp - sum(dp p)), dp = do v^T;  dq = ds k / sqrt(D);  dk = ds^T q / sqrt(D).
  static variable_list backward(AutogradContext* context, variable_list grads) {
    const auto saved = context->get_saved_variables();
    const Heads heads{saved[0], saved[1], saved[2]};
    const auto bounds = context->saved_data["bounds"].toIntVector();
    std::vector<Document> documents;
    for (std::size_t i = 0; i + 1 < bounds.size(); i += 2) documents.push_back({bounds[i], bounds[i + 1]});
    const Tensor d_out = grads[0].contiguous().view_as(heads.q);
    const double scale = 1.0 / std::sqrt(static_cast<double>(heads.q.size(2)));
    Tensor dq = at::empty_like(heads.q), dk = at::zeros_like(heads.k), dv = at::zeros_like(heads.v);
    for_blocks(documents, [&](const Document& document, int64_t first, int64_t rows) {
      const Block block = make_block(heads, document, first, rows);
      const Tensor p = probabilities(block);
      const Tensor d_block = group_queries(d_out, document.begin + first, rows, block.k.size(0));
      const Tensor dp = at::bmm(d_block, block.v.transpose(1, 2)).to(at::kFloat);
      const Tensor ds =
          (p * (dp - (dp * p).sum(-1, /*keepdim=*/true))).mul_(scale).to(heads.q.scalar_type());
      ungroup_queries(at::bmm(ds, block.k), dq, document.begin + first, rows);
      keys_of(dk, document.begin, block.keys).add_(at::bmm(ds.transpose(1, 2), block.q));
      keys_of(dv, document.begin, block.keys)
          .add_(at::bmm(p.to(block.v.scalar_type()).transpose(1, 2), d_block));
    });
    return {dq, dk, dv, Tensor()};
  }
};

}  // namespace

Tensor packed_attention(const Heads& heads, std::span<const Document> documents) {
  if (!at::GradMode::is_enabled() || !heads.q.requires_grad()) return attention_forward(heads, documents);
  std::vector<int64_t> bounds;
  for (const auto& document : documents) bounds.insert(bounds.end(), {document.begin, document.length});
  return PackedAttention::apply(heads.q, heads.k, heads.v, bounds);
}

namespace plain {

Tensor packed_attention(const Heads& heads, std::span<const Document> documents) {
  const int64_t repeat = heads.q.size(1) / heads.k.size(1);
  const double scale = 1.0 / std::sqrt(static_cast<double>(heads.q.size(2)));
  std::vector<Tensor> outputs;
  for (const auto& document : documents) {
    const auto part = [&](const Tensor& x, int64_t times) {
      return x.narrow(0, document.begin, document.length).transpose(0, 1).to(at::kFloat).repeat_interleave(times, 0);
    };
    const Tensor q = part(heads.q, 1), k = part(heads.k, repeat), v = part(heads.v, repeat);
    const Tensor mask = at::ones({document.length, document.length}, q.options().dtype(at::kBool)).triu(1);
    const Tensor scores = at::matmul(q, k.transpose(1, 2)).mul(scale).masked_fill(
        mask, -std::numeric_limits<double>::infinity());
    outputs.push_back(at::matmul(at::softmax(scores, -1), v).transpose(0, 1).reshape({document.length, -1}));
  }
  return at::cat(outputs, 0).to(heads.q.scalar_type());
}

}  // namespace plain

}  // namespace dormouse::nn
