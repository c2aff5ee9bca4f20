// Attention over a flat batch of documents, for training and scoring on a CPU. A unit of work is one document and one
// key/value group: its keys are laid out once, its queries go by in blocks, and the probabilities are made again in the
// backward pass instead of being kept. Units run in parallel; sums over units are taken in order, so no bit depends on
// the threads.
#include <ATen/Parallel.h>
#include <c10/util/BFloat16.h>

#include <cmath>

#include "core/base/error.h"
#include "engine/nn/ops.h"
#include "engine/nn/scratch.h"
#include "engine/nn/softmax.h"

namespace dormouse::nn {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

constexpr int64_t kQueryBlock = 32;  // times the heads of a group: rows of a product

// y[m][n] = or += x[m][k] b[k][n]; element x[i][k] lies at x[i * x_row + k * x_step].
void product(const float* x, int64_t x_row, int64_t x_step, const Scratch& b, const Scratch& y, int64_t m, int64_t n,
             int64_t k, Into into = Into::kSet) {
  for (int64_t column = 0; column < n; column += kPanel) {
    multiply_down(Tile{.x = x,
                       .x_row = x_row,
                       .x_step = x_step,
                       .b = b.row(0) + column,
                       .b_row = b.stride(),
                       .depth = k,
                       .y = y.row(0) + column,
                       .y_row = y.stride(),
                       .columns = kPanel,
                       .into = into},
                  m);
  }
}

void product(const Scratch& x, const Scratch& b, const Scratch& y, int64_t m, int64_t n, int64_t k) {
  product(x.row(0), x.stride(), 1, b, y, m, n, k);
}

void transposed_product(const Scratch& x, const Scratch& b, const Scratch& y, int64_t m, int64_t n, int64_t k) {
  product(x.row(0), 1, x.stride(), b, y, m, n, k, Into::kAdd);
}

struct Shape {
  int64_t heads, groups, size;
  float scale;  // of q k^T

  explicit Shape(const Heads& all)
      : heads(all.q.size(1)),
        groups(all.k.size(1)),
        size(all.q.size(2)),
        scale(1.0f / std::sqrt(static_cast<float>(all.q.size(2)))) {}
  int64_t per_group() const { return heads / groups; }
};

struct Rows {
  int64_t begin, length;
};

// A document and where its keys lie: its parents from the first, then itself.
struct Lineage {
  int64_t begin, length;
  int64_t before = 0;  // keys of the parents
  std::vector<Rows> sources;
  int64_t keys() const { return before + length; }
};

std::vector<Lineage> lineages(std::span<const Document> documents) {
  std::vector<Lineage> all;
  for (const auto& document : documents) {
    Lineage lineage{document.begin, document.length, 0, {}};
    if (document.parent >= 0) {
      const Lineage& parent = all[static_cast<std::size_t>(document.parent)];
      lineage.before = parent.keys();
      lineage.sources = parent.sources;
    }
    lineage.sources.push_back({document.begin, document.length});
    all.push_back(std::move(lineage));
  }
  return all;
}

// One block of a document's queries under one group: all heads of the group stand below each other.
struct Block {
  int64_t begin, rows;  // rows of the batch
  int64_t before;       // keys that its first query sees beside its own
  int64_t group;
  int64_t visible() const { return before + rows; }
};

template <class Visit>
void for_blocks(const Lineage& document, int64_t group, Visit visit) {
  for (int64_t first = 0; first < document.length; first += kQueryBlock) {
    visit(
        Block{document.begin + first, std::min(kQueryBlock, document.length - first), document.before + first, group});
  }
}

template <class Visit>
void for_units(const std::vector<Lineage>& documents, int64_t groups, Visit visit) {
  const auto units = static_cast<int64_t>(documents.size()) * groups;
  at::parallel_for(0, units, 1, [&](int64_t begin, int64_t end) {
    for (int64_t unit = begin; unit < end; ++unit)
      visit(unit, documents[static_cast<std::size_t>(unit / groups)], unit % groups);
  });
}

// x [T, H, D] -> [H/G * rows, D], times `scale`.
template <class Scalar>
Scratch gather_queries(const Tensor& x, const Shape& shape, const Block& block, float scale) {
  Scratch out(shape.per_group() * block.rows, shape.size);
  const Scalar* data =
      x.const_data_ptr<Scalar>() + (block.begin * shape.heads + block.group * shape.per_group()) * shape.size;
  for (int64_t head = 0; head < shape.per_group(); ++head) {
    for (int64_t t = 0; t < block.rows; ++t) {
      const Scalar* from = data + (t * shape.heads + head) * shape.size;
      float* to = out.row(head * block.rows + t);
      for (int64_t c = 0; c < shape.size; ++c) to[c] = float(from[c]) * scale;
    }
  }
  return out;
}

template <class Scalar>
void scatter_queries(const Scratch& from, const Tensor& x, const Shape& shape, const Block& block, float scale) {
  Scalar* data =
      x.mutable_data_ptr<Scalar>() + (block.begin * shape.heads + block.group * shape.per_group()) * shape.size;
  for (int64_t head = 0; head < shape.per_group(); ++head) {
    for (int64_t t = 0; t < block.rows; ++t) {
      const float* in = from.row(head * block.rows + t);
      Scalar* to = data + (t * shape.heads + head) * shape.size;
      for (int64_t c = 0; c < shape.size; ++c) to[c] = Scalar(in[c] * scale);
    }
  }
}

// visit(row of x [T, G, D], index among the document's keys)
template <class Scalar, class Visit>
void for_keys(Scalar* data, const Shape& shape, std::span<const Rows> sources, int64_t group, Visit visit) {
  int64_t key = 0;
  for (const auto& rows : sources) {
    for (int64_t t = 0; t < rows.length; ++t)
      visit(data + ((rows.begin + t) * shape.groups + group) * shape.size, key++);
  }
}

// -> [keys, D]
template <class Scalar>
Scratch gather_keys(const Tensor& x, const Shape& shape, const Lineage& document, int64_t group) {
  Scratch out(document.keys(), shape.size);
  for_keys(x.const_data_ptr<Scalar>(), shape, document.sources, group, [&](const Scalar* from, int64_t key) {
    for (int64_t c = 0; c < shape.size; ++c) out.row(key)[c] = float(from[c]);
  });
  return out;
}

// -> [D, keys]
template <class Scalar>
Scratch gather_keys_transposed(const Tensor& x, const Shape& shape, const Lineage& document, int64_t group) {
  Scratch out(shape.size, document.keys());
  for_keys(x.const_data_ptr<Scalar>(), shape, document.sources, group, [&](const Scalar* from, int64_t key) {
    for (int64_t c = 0; c < shape.size; ++c) out.row(c)[key] = float(from[c]);
  });
  return out;
}

// Adds gradient [keys, D] to the fp32 x [T, G, D].
void add_to_keys(const Scratch& gradient, const Tensor& x, const Shape& shape, std::span<const Rows> sources,
                 int64_t group) {
  for_keys(x.mutable_data_ptr<float>(), shape, sources, group, [&](float* to, int64_t key) {
    const float* from = gradient.row(key);
    for (int64_t c = 0; c < shape.size; ++c) to[c] += from[c];
  });
}

// e^(q k^T - largest) of a block, and the sum of each row; q is scaled. Query t sees the keys before the block, and the
// block's up to its own; what it must not see is 0.
struct Weighted {
  Scratch keys;  // [H/G * rows, visible]
  std::vector<float> sums;
};

Weighted weigh_keys(const Scratch& q, const Scratch& k_transposed, const Shape& shape, const Block& block) {
  const int64_t rows = shape.per_group() * block.rows;
  Weighted made{Scratch(rows, block.visible()), std::vector<float>(static_cast<std::size_t>(rows))};
  product(q, k_transposed, made.keys, rows, block.visible(), shape.size);
  for (int64_t r = 0; r < rows; ++r) {
    float* row = made.keys.row(r);
    const int64_t seen = block.before + r % block.rows + 1;
    made.sums[static_cast<std::size_t>(r)] = exponentials(row, seen);
    std::fill(row + seen, row + block.visible(), 0.0f);
  }
  return made;
}

void divide_rows(const Scratch& rows, int64_t columns, const std::vector<float>& by) {
  for (std::size_t r = 0; r < by.size(); ++r) {
    const float inverse = 1.0f / by[r];
    float* row = rows.row(static_cast<int64_t>(r));
    for (int64_t i = 0; i < columns; ++i) row[i] *= inverse;
  }
}

// softmax(q k^T), q scaled: [H/G * rows, visible]
Scratch probabilities(const Scratch& q, const Scratch& k_transposed, const Shape& shape, const Block& block) {
  Weighted weighted = weigh_keys(q, k_transposed, shape, block);
  divide_rows(weighted.keys, block.visible(), weighted.sums);
  return std::move(weighted.keys);
}

template <class Scalar>
Tensor attention_forward(const Heads& heads, const std::vector<Lineage>& documents) {
  const Shape shape(heads);
  Tensor out = at::empty_like(heads.q);
  for_units(documents, shape.groups, [&](int64_t, const Lineage& document, int64_t group) {
    const Scratch k_transposed = gather_keys_transposed<Scalar>(heads.k, shape, document, group);
    const Scratch v = gather_keys<Scalar>(heads.v, shape, document, group);
    for_blocks(document, group, [&](const Block& block) {
      const int64_t rows = shape.per_group() * block.rows;
      const Scratch q = gather_queries<Scalar>(heads.q, shape, block, shape.scale), result(rows, shape.size);
      const Weighted weighted = weigh_keys(q, k_transposed, shape, block);
      product(weighted.keys, v, result, rows, shape.size, block.visible());
      divide_rows(result, shape.size, weighted.sums);
      scatter_queries<Scalar>(result, out, shape, block, 1);
    });
  });
  return out;
}

// In place over dp: ds = p * (dp - sum(dp p)).
void softmax_backward(const Scratch& p, const Scratch& dp, int64_t rows, int64_t columns) {
  for (int64_t r = 0; r < rows; ++r) {
    const float* chance = p.row(r);
    float* d = dp.row(r);
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < columns; ++i) sum += chance[i] * d[i];
    for (int64_t i = 0; i < columns; ++i) d[i] = chance[i] * (d[i] - sum);
  }
}

struct KeyGradients {
  Scratch k, v;  // [keys, D]
};

Scratch zeros(int64_t rows, int64_t columns) {
  Scratch out(rows, columns);
  std::fill(out.row(0), out.row(rows), 0.0f);
  return out;
}

// dv = p^T do;  dp = do v^T;  dq = ds k / sqrt(D);  dk = ds^T q / sqrt(D).
template <class Scalar>
KeyGradients backward_unit(const Heads& heads, const Tensor& d_out, const Tensor& dq, const Shape& shape,
                           const Lineage& document, int64_t group) {
  const Scratch k_transposed = gather_keys_transposed<Scalar>(heads.k, shape, document, group);
  const Scratch v_transposed = gather_keys_transposed<Scalar>(heads.v, shape, document, group);
  const Scratch k = gather_keys<Scalar>(heads.k, shape, document, group);
  KeyGradients gradients{zeros(document.keys(), shape.size), zeros(document.keys(), shape.size)};
  for_blocks(document, group, [&](const Block& block) {
    const int64_t rows = shape.per_group() * block.rows, visible = block.visible();
    const Scratch q = gather_queries<Scalar>(heads.q, shape, block, shape.scale);
    const Scratch d = gather_queries<Scalar>(d_out, shape, block, 1);
    const Scratch p = probabilities(q, k_transposed, shape, block);
    const Scratch ds(rows, visible), dq_block(rows, shape.size);
    product(d, v_transposed, ds, rows, visible, shape.size);
    softmax_backward(p, ds, rows, visible);
    product(ds, k, dq_block, rows, shape.size, visible);
    scatter_queries<Scalar>(dq_block, dq, shape, block, shape.scale);
    transposed_product(ds, q, gradients.k, visible, shape.size, rows);
    transposed_product(p, d, gradients.v, visible, shape.size, rows);
  });
  return gradients;
}

template <class Scalar>
Heads attention_backward(const Heads& heads, const Tensor& d_out, const std::vector<Lineage>& documents) {
  const Shape shape(heads);
  Heads gradients{at::empty_like(heads.q), at::zeros_like(heads.k, at::kFloat), at::zeros_like(heads.v, at::kFloat)};
  std::vector<KeyGradients> of_unit(documents.size() * static_cast<std::size_t>(shape.groups));
  for_units(documents, shape.groups, [&](int64_t unit, const Lineage& document, int64_t group) {
    of_unit[static_cast<std::size_t>(unit)] = backward_unit<Scalar>(heads, d_out, gradients.q, shape, document, group);
  });
  at::parallel_for(0, shape.groups, 1, [&](int64_t begin, int64_t end) {
    for (int64_t group = begin; group < end; ++group) {
      for (std::size_t i = 0; i < documents.size(); ++i) {
        const auto& unit = of_unit[i * static_cast<std::size_t>(shape.groups) + static_cast<std::size_t>(group)];
        add_to_keys(unit.k, gradients.k, shape, documents[i].sources, group);
        add_to_keys(unit.v, gradients.v, shape, documents[i].sources, group);
      }
    }
  });
  return {gradients.q, gradients.k.to(heads.k.scalar_type()), gradients.v.to(heads.v.scalar_type())};
}

bool is_bf16(const Heads& heads) { return heads.q.scalar_type() == at::kBFloat16; }

Tensor forward(const Heads& heads, std::span<const Document> documents) {
  const Heads dense{heads.q.contiguous(), heads.k.contiguous(), heads.v.contiguous()};
  const auto all = lineages(documents);
  const Tensor out =
      is_bf16(heads) ? attention_forward<c10::BFloat16>(dense, all) : attention_forward<float>(dense, all);
  return out.flatten(1);
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
    const Heads heads{q.contiguous(), k.contiguous(), v.contiguous()};
    Tensor out = nn::forward(heads, to_documents(documents));
    context->save_for_backward({heads.q, heads.k, heads.v});
    context->saved_data["documents"] = std::move(documents);
    return out;
  }

  static variable_list backward(AutogradContext* context, variable_list grads) {
    const auto saved = context->get_saved_variables();
    const Heads heads{saved[0], saved[1], saved[2]};
    const auto documents = lineages(to_documents(context->saved_data["documents"].toIntVector()));
    const Tensor d_out = grads[0].contiguous();
    const Heads gradients = is_bf16(heads) ? attention_backward<c10::BFloat16>(heads, d_out, documents)
                                           : attention_backward<float>(heads, d_out, documents);
    return {gradients.q, gradients.k, gradients.v, Tensor()};
  }
};

}  // namespace

Tensor packed_attention(const Heads& heads, std::span<const Document> documents) {
  if (!at::GradMode::is_enabled() || !heads.q.requires_grad()) return forward(heads, documents);
  return PackedAttention::apply(heads.q, heads.k, heads.v, to_numbers(documents));
}

}  // namespace dormouse::nn
