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

struct Rows {
  int64_t begin, length;
};

// One block of queries of one document and the rows where its keys lie: its parents, then itself up to the block's end.
struct Place {
  int64_t begin, rows, keys;
  std::vector<Rows> sources;
};

// All heads of a key/value group stand below each other, so that a group is one matrix product:
// q [G, (H/G) * rows, D], k and v [G, keys, D].
struct Block {
  Tensor q, k, v;
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

// [T, G, D] -> [G, keys, D]; a view when the keys lie in one piece.
Tensor gather_keys(const Tensor& x, const Place& place) {
  std::vector<Tensor> pieces;
  for (const auto& rows : place.sources) pieces.push_back(x.narrow(0, rows.begin, rows.length).transpose(0, 1));
  return pieces.size() == 1 ? pieces[0] : at::cat(pieces, 1);
}

void add_to_keys(const Tensor& gradient, const Tensor& total, const Place& place) {
  int64_t first = 0;
  for (const auto& rows : place.sources) {
    total.narrow(0, rows.begin, rows.length).transpose(0, 1).add_(gradient.narrow(1, first, rows.length));
    first += rows.length;
  }
}

template <class Visit>
void for_blocks(std::span<const Document> documents, Visit visit) {
  for (const auto& document : documents) {
    std::vector<Rows> parents;
    int64_t before = 0;
    for (int64_t parent = document.parent; parent >= 0; parent = documents[static_cast<std::size_t>(parent)].parent) {
      const Document& earlier = documents[static_cast<std::size_t>(parent)];
      parents.insert(parents.begin(), {earlier.begin, earlier.length});
      before += earlier.length;
    }
    for (int64_t first = 0; first < document.length; first += kQueryBlock) {
      const int64_t rows = std::min(kQueryBlock, document.length - first);
      Place place{document.begin + first, rows, before + first + rows, parents};
      place.sources.push_back({document.begin, first + rows});
      visit(place);
    }
  }
}

// softmax(q k^T / sqrt(D)) with the future masked: fp32 [G, (H/G) rows, keys].
Tensor probabilities(const Block& block, const Place& place) {
  const double scale = 1.0 / std::sqrt(static_cast<double>(block.q.size(2)));
  Tensor scores = at::bmm(block.q, block.k.transpose(1, 2)).to(at::kFloat).mul_(scale);
  const Tensor column = at::arange(place.keys, scores.options().dtype(at::kLong));
  const Tensor row = at::arange(place.keys - place.rows, place.keys, column.options());
  const Tensor future = column.unsqueeze(0) > row.unsqueeze(1);
  scores.view({block.q.size(0), -1, place.rows, place.keys})
      .masked_fill_(future, -std::numeric_limits<double>::infinity());
  return at::softmax(scores, -1);
}

Block make_block(const Heads& heads, const Place& place) {
  return {group_queries(heads.q, place.begin, place.rows, heads.k.size(1)), gather_keys(heads.k, place),
          gather_keys(heads.v, place)};
}

Tensor attention_forward(const Heads& heads, std::span<const Document> documents) {
  Tensor out = at::empty_like(heads.q);
  for_blocks(documents, [&](const Place& place) {
    const Block block = make_block(heads, place);
    const Tensor p = probabilities(block, place).to(block.v.scalar_type());
    ungroup_queries(at::bmm(p, block.v), out, place.begin, place.rows);
  });
  return out.view({out.size(0), -1});
}

// Autograd keeps plain numbers: three a document.
std::vector<int64_t> to_numbers(std::span<const Document> documents) {
  std::vector<int64_t> numbers;
  for (const auto& document : documents) {
    numbers.insert(numbers.end(), {document.begin, document.length, document.parent});
  }
  return numbers;
}

std::vector<Document> to_documents(const std::vector<int64_t>& numbers) {
  std::vector<Document> documents;
  for (std::size_t i = 0; i < numbers.size(); i += 3) documents.push_back({numbers[i], numbers[i + 1], numbers[i + 2]});
  return documents;
}

struct PackedAttention : Function<PackedAttention> {
  static Tensor forward(AutogradContext* context, const Tensor& q, const Tensor& k, const Tensor& v,
                        std::vector<int64_t> documents) {
    Tensor out = attention_forward({q, k, v}, to_documents(documents));
    context->save_for_backward({q, k, v});
    context->saved_data["documents"] = std::move(documents);
    return out;
  }

  // dv = p^T do;  ds = p * (dp - sum(dp p)), dp = do v^T;  dq = ds k / sqrt(D);  dk = ds^T q / sqrt(D).
  static variable_list backward(AutogradContext* context, variable_list grads) {
    const auto saved = context->get_saved_variables();
    const Heads heads{saved[0], saved[1], saved[2]};
    const auto documents = to_documents(context->saved_data["documents"].toIntVector());
    const Tensor d_out = grads[0].contiguous().view_as(heads.q);
    const double scale = 1.0 / std::sqrt(static_cast<double>(heads.q.size(2)));
    Tensor dq = at::empty_like(heads.q), dk = at::zeros_like(heads.k), dv = at::zeros_like(heads.v);
    for_blocks(documents, [&](const Place& place) {
      const Block block = make_block(heads, place);
      const Tensor p = probabilities(block, place);
      const Tensor d_block = group_queries(d_out, place.begin, place.rows, block.k.size(0));
      const Tensor dp = at::bmm(d_block, block.v.transpose(1, 2)).to(at::kFloat);
      const Tensor ds = (p * (dp - (dp * p).sum(-1, /*keepdim=*/true))).mul_(scale).to(heads.q.scalar_type());
      ungroup_queries(at::bmm(ds, block.k), dq, place.begin, place.rows);
      add_to_keys(at::bmm(ds.transpose(1, 2), block.q), dk, place);
      add_to_keys(at::bmm(p.to(block.v.scalar_type()).transpose(1, 2), d_block), dv, place);
    });
    return {dq, dk, dv, Tensor()};
  }
};

}  // namespace

Tensor packed_attention(const Heads& heads, std::span<const Document> documents) {
  if (!at::GradMode::is_enabled() || !heads.q.requires_grad()) return attention_forward(heads, documents);
  return PackedAttention::apply(heads.q, heads.k, heads.v, to_numbers(documents));
}

namespace plain {

Tensor packed_attention(const Heads& heads, std::span<const Document> documents) {
  const int64_t repeat = heads.q.size(1) / heads.k.size(1);
  const double scale = 1.0 / std::sqrt(static_cast<double>(heads.q.size(2)));
  std::vector<Tensor> outputs, seen;  // seen[i]: rows that document i may look at, its own at the end
  for (const auto& document : documents) {
    Tensor rows = at::arange(document.begin, document.begin + document.length, at::kLong);
    if (document.parent >= 0) rows = at::cat({seen[static_cast<std::size_t>(document.parent)], rows});
    seen.push_back(rows);
    const auto part = [&](const Tensor& x, int64_t times) {
      return x.index_select(0, rows).transpose(0, 1).to(at::kFloat).repeat_interleave(times, 0);
    };
    const Tensor q = part(heads.q, 1), k = part(heads.k, repeat), v = part(heads.v, repeat);
    const Tensor mask = at::ones({rows.size(0), rows.size(0)}, q.options().dtype(at::kBool)).triu(1);
    const Tensor scores = at::matmul(q, k.transpose(1, 2)).mul(scale).masked_fill(
        mask, -std::numeric_limits<double>::infinity());
    const Tensor out = at::matmul(at::softmax(scores, -1), v).transpose(0, 1).flatten(1);
    outputs.push_back(out.narrow(0, rows.size(0) - document.length, document.length));
  }
  return at::cat(outputs, 0).to(heads.q.scalar_type());
}

}  // namespace plain

}  // namespace dormouse::nn
