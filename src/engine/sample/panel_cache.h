// The cache for our own kernels: keys and values laid out for products on a CPU, fp32.
#pragma once

#include <span>
#include <vector>

#include "engine/nn/scratch.h"
#include "engine/sample/kv_cache.h"

namespace dormouse::sample {

/// Keys in panels of 16 tokens, [panel][D][16]; values in panels of 16 columns, [panel][token][16]. Both are read from
/// end to end.
class PanelSegment : public KvSegment {
 public:
  PanelSegment(int64_t layers, int64_t groups, int64_t size, int64_t capacity);

  const float* key_panels(int64_t layer, int64_t group) const { return at(layer, group); }
  const float* value_panels(int64_t layer, int64_t group) const { return at(layer, group) + key_floats_; }

  /// Keys and values of one token, [G, D] each.
  void write(int64_t layer, int64_t token, const float* keys, const float* values);

 private:
  float* at(int64_t layer, int64_t group) const { return data_.get() + (layer * groups_ + group) * group_floats_; }

  int64_t groups_, size_;
  int64_t key_floats_, group_floats_;
  nn::AlignedFloats data_;
};

/// Rows that share a segment meet its keys in one product, every element of which is one
/// chain of additions; so a row's bits depend neither on the batch, nor on how a prompt was cut into chunks, nor on
/// where segments end.
class PanelAttention : public CachedAttention {
 public:
  explicit PanelAttention(std::vector<Chunk> batch);
  nn::Tensor attend(int64_t layer, const nn::Heads& heads) override;

  struct Row {
    const Chunk* chunk;
    int64_t index;  // within the chunk
  };
  /// A run of rows of a block that see the same tokens of one segment, from key `first` of their own on.
  struct Piece {
    const PanelSegment* segment;
    int64_t row, rows;
    int64_t first, tokens;
  };
  struct Block {
    std::span<const Row> rows;
    std::vector<Piece> pieces;  // each row's in the order of its keys
  };

 private:
  std::vector<Row> rows_;      // of the whole batch, those with a common context together
  std::vector<Block> blocks_;  // the same for all layers
};

class PanelCache : public KvCache {
 public:
  PanelCache(int64_t layers, int64_t groups, int64_t size) : layers_(layers), groups_(groups), size_(size) {}
  std::shared_ptr<KvSegment> segment(int64_t capacity) override {
    return std::make_shared<PanelSegment>(layers_, groups_, size_, capacity);
  }
  std::unique_ptr<CachedAttention> attention(std::vector<Chunk> chunks) override {
    return std::make_unique<PanelAttention>(std::move(chunks));
  }

 private:
  int64_t layers_, groups_, size_;
};

}  // namespace dormouse::sample
