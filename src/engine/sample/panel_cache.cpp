#include "engine/sample/panel_cache.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "core/base/error.h"
#include "engine/nn/softmax.h"

namespace dormouse::sample {

namespace {

using nn::Into;
using nn::kPanel;
using nn::Scratch;
using Block = PanelAttention::Block;
using Piece = PanelAttention::Piece;

struct Shape {
  int64_t heads, groups, size;
  int64_t per_group() const { return heads / groups; }
};

PanelSegment* panels(const std::shared_ptr<KvSegment>& segment) { return static_cast<PanelSegment*>(segment.get()); }

int64_t visible(const PanelAttention::Row& row) {
  return row.chunk->context_tokens() + row.chunk->own->tokens() + row.index + 1;
}

std::vector<Piece> pieces_of(std::span<const PanelAttention::Row> rows) {
  std::vector<Piece> pieces;
  std::size_t deepest = 0;
  for (const auto& row : rows) deepest = std::max(deepest, row.chunk->context.size());
  std::vector<int64_t> first(rows.size(), 0);
  for (std::size_t depth = 0; depth <= deepest; ++depth) {
    for (std::size_t begin = 0, end; begin < rows.size(); begin = end) {
      const Chunk& chunk = *rows[begin].chunk;
      const PanelSegment* segment = depth < chunk.context.size() ? panels(chunk.context[depth]) : nullptr;
      for (end = begin + 1; end < rows.size(); ++end) {
        const auto& context = rows[end].chunk->context;
        if ((depth < context.size() ? panels(context[depth]) : nullptr) != segment) break;
      }
      if (segment == nullptr) continue;
      const auto length = static_cast<int64_t>(end - begin);
      pieces.push_back({segment, static_cast<int64_t>(begin), length, first[begin], segment->capacity()});
      for (std::size_t i = begin; i < end; ++i) first[i] += segment->capacity();
    }
  }
  for (std::size_t begin = 0, end; begin < rows.size(); begin = end) {
    const Chunk* chunk = rows[begin].chunk;
    for (end = begin + 1; end < rows.size() && rows[end].chunk == chunk;) ++end;
    pieces.push_back({panels(chunk->own), static_cast<int64_t>(begin), static_cast<int64_t>(end - begin), first[begin],
                      chunk->own->tokens() + rows[end - 1].index + 1});
  }
  return pieces;
}

int64_t whole_panels(int64_t count) { return (count + kPanel - 1) / kPanel * kPanel; }

// One block of rows and one key/value group. Row r and head h of the group are row r * (H/G) + h of every matrix.
class Unit {
 public:
  Unit(const Block& block, const Shape& shape, int64_t layer, int64_t group)
      : rows_(block.rows), pieces_(block.pieces), shape_(shape), layer_(layer), group_(group) {}

  void run(const float* q, float* out) const {
    int64_t most = 0;
    for (const auto& row : rows_) most = std::max(most, visible(row));
    const int64_t stacked = static_cast<int64_t>(rows_.size()) * shape_.per_group();
    const Scratch queries(stacked, shape_.size), scores(stacked, most + kPanel), result(stacked, shape_.size);
    const float scale = 1.0f / std::sqrt(static_cast<float>(shape_.size));
    for_heads([&](int64_t row, int64_t stack, int64_t at) {
      static_cast<void>(row);
      for (int64_t d = 0; d < shape_.size; ++d) queries.row(stack)[d] = q[at + d] * scale;
    });
    for (const auto& piece : pieces_) score(piece, queries, scores);
    std::vector<float> sums(static_cast<std::size_t>(stacked));
    for_heads([&](int64_t row, int64_t stack, int64_t) {
      const int64_t seen = visible(rows_[static_cast<std::size_t>(row)]);
      sums[static_cast<std::size_t>(stack)] = nn::exponentials(scores.row(stack), seen);
      std::fill(scores.row(stack) + seen, scores.row(stack) + most, 0.0f);  // keys of later rows of the chunk
    });
    for (const auto& piece : pieces_) weigh(piece, scores, result);
    for_heads([&](int64_t, int64_t stack, int64_t at) {
      const float inverse = 1.0f / sums[static_cast<std::size_t>(stack)];
      for (int64_t d = 0; d < shape_.size; ++d) out[at + d] = result.row(stack)[d] * inverse;
    });
  }

 private:
  // visit(row of the block, stacked row, offset of the head in [T, H, D])
  template <class Visit>
  void for_heads(Visit visit) const {
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      const int64_t batch_row = rows_[r].chunk->begin + rows_[r].index;
      for (int64_t h = 0; h < shape_.per_group(); ++h) {
        const auto row = static_cast<int64_t>(r);
        visit(row, row * shape_.per_group() + h,
              (batch_row * shape_.heads + group_ * shape_.per_group() + h) * shape_.size);
      }
    }
  }

  // Writes up to 15 columns too many; the row's next piece, or nobody, reads those.
  void score(const Piece& piece, const Scratch& queries, const Scratch& scores) const {
    const int64_t first = piece.row * shape_.per_group(), count = piece.rows * shape_.per_group();
    const float* panel = piece.segment->key_panels(layer_, group_);
    for (int64_t token = 0, step = shape_.size * kPanel; token < piece.tokens; token += kPanel, panel += step) {
      const bool last = token + kPanel >= piece.tokens;
      nn::multiply_down(nn::Tile{.x = queries.row(first),
                                 .x_row = queries.stride(),
                                 .x_step = 1,
                                 .b = panel,
                                 .b_row = kPanel,
                                 .depth = shape_.size,
                                 .y = scores.row(first) + piece.first + token,
                                 .y_row = scores.stride(),
                                 .columns = kPanel,
                                 .into = Into::kSet},
                        count, last ? piece.segment->value_panels(layer_, group_) : panel + step);
    }
  }

  // A chain goes on where the row's last piece ended.
  void weigh(const Piece& piece, const Scratch& scores, const Scratch& result) const {
    const int64_t first = piece.row * shape_.per_group(), count = piece.rows * shape_.per_group();
    const float* panel = piece.segment->value_panels(layer_, group_);
    for (int64_t column = 0, step = piece.segment->capacity() * kPanel; column < shape_.size;
         column += kPanel, panel += step) {
      nn::multiply_down(nn::Tile{.x = scores.row(first) + piece.first,
                                 .x_row = scores.stride(),
                                 .x_step = 1,
                                 .b = panel,
                                 .b_row = kPanel,
                                 .depth = piece.tokens,
                                 .y = result.row(first) + column,
                                 .y_row = result.stride(),
                                 .columns = kPanel,
                                 .into = piece.first == 0 ? Into::kSet : Into::kGoOn},
                        count, column + kPanel < shape_.size ? panel + step : nullptr);
    }
  }

  std::span<const PanelAttention::Row> rows_;
  const std::vector<Piece>& pieces_;
  const Shape& shape_;
  int64_t layer_, group_;
};

}  // namespace

PanelSegment::PanelSegment(int64_t layers, int64_t groups, int64_t size, int64_t capacity)
    : KvSegment(capacity),
      groups_(groups),
      size_(size),
      key_floats_(whole_panels(capacity) * size),
      group_floats_(key_floats_ + whole_panels(size) * capacity),
      data_(nn::aligned_floats(layers * groups * group_floats_)) {}

void PanelSegment::write(int64_t layer, int64_t token, const float* keys, const float* values) {
  DORMOUSE_ASSERT(token < capacity());
  for (int64_t group = 0; group < groups_; ++group) {
    float* key = at(layer, group) + token / kPanel * size_ * kPanel + token % kPanel;
    float* value = at(layer, group) + key_floats_ + token * kPanel;
    for (int64_t d = 0; d < size_; ++d) {
      key[d * kPanel] = keys[group * size_ + d];
      value[d / kPanel * capacity() * kPanel + d % kPanel] = values[group * size_ + d];
    }
  }
}

PanelAttention::PanelAttention(std::vector<Chunk> batch) : CachedAttention(std::move(batch)) {
  std::vector<const Chunk*> order;
  for (const auto& chunk : chunks()) order.push_back(&chunk);
  std::stable_sort(order.begin(), order.end(), [](const Chunk* a, const Chunk* b) { return a->context < b->context; });
  for (const Chunk* chunk : order) {
    for (int64_t index = 0; index < chunk->length; ++index) rows_.push_back({chunk, index});
  }
  // A unit of work is a block and a group: few blocks, since each reads the shared keys, but enough for the threads.
  const auto threads = static_cast<std::size_t>(at::get_num_threads());
  const std::size_t size = std::clamp<std::size_t>((rows_.size() + threads - 1) / threads, 1, 16);
  for (std::size_t first = 0; first < rows_.size(); first += size) {
    const auto rows = std::span<const Row>(rows_).subspan(first, std::min(size, rows_.size() - first));
    blocks_.push_back({rows, pieces_of(rows)});
  }
}

nn::Tensor PanelAttention::attend(int64_t layer, const nn::Heads& heads) {
  const Shape shape{heads.q.size(1), heads.k.size(1), heads.q.size(2)};
  const int64_t width = shape.groups * shape.size;
  const float *q = heads.q.const_data_ptr<float>(), *k = heads.k.const_data_ptr<float>();
  const float* v = heads.v.const_data_ptr<float>();
  const auto total = static_cast<int64_t>(rows_.size());
  at::parallel_for(0, total, 16, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto& [chunk, index] = rows_[static_cast<std::size_t>(i)];
      const int64_t at = (chunk->begin + index) * width;
      panels(chunk->own)->write(layer, chunk->own->tokens() + index, k + at, v + at);
    }
  });
  nn::Tensor out = at::empty({total, shape.heads * shape.size}, heads.q.options());
  float* to = out.mutable_data_ptr<float>();
  at::parallel_for(0, static_cast<int64_t>(blocks_.size()) * shape.groups, 1, [&](int64_t begin, int64_t end) {
    for (int64_t unit = begin; unit < end; ++unit) {
      Unit(blocks_[static_cast<std::size_t>(unit / shape.groups)], shape, layer, unit % shape.groups).run(q, to);
    }
  });
  return out;
}

}  // namespace dormouse::sample
