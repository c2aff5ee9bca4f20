// Keys and values of sampled sequences. A sequence is a path of immutable segments that it may share with others (the
// system prompt, the few-shots) and one tail of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/nn/scratch.h"
#include "engine/nn/transformer.h"

namespace dormouse::sample {

/// Rotated keys and values of consecutive tokens, for every layer and key/value group, laid out for products: keys in panels
/// of 16 tokens, [panel][D][16]; values in panels of 16 columns, [panel][token][16]. Both are read from end to end.
class KvSegment {
 public:
  KvSegment(int64_t layers, int64_t groups, int64_t size, int64_t capacity);

  int64_t tokens() const { return tokens_; }
  int64_t capacity() const { return capacity_; }
  const float* key_panels(int64_t layer, int64_t group) const { return at(layer, group); }
  const float* value_panels(int64_t layer, int64_t group) const { return at(layer, group) + key_floats_; }

  /// Keys and values of one token, [G, D] each.
  void write(int64_t layer, int64_t token, const float* keys, const float* values);
  /// After all layers of a forward pass have written them.
  void grow(int64_t tokens);

 private:
  float* at(int64_t layer, int64_t group) const { return data_.get() + (layer * groups_ + group) * group_floats_; }

  int64_t groups_, size_, capacity_;
  int64_t key_floats_, group_floats_;
  int64_t tokens_ = 0;
  nn::AlignedFloats data_;
};

/// Rows of a flat batch that continue one segment.
struct Chunk {
  int64_t begin, length;                        // rows of the batch
  // What comes before, in order: full segments, or ones that another chunk of the same batch fills.
  std::vector<std::shared_ptr<KvSegment>> context;
  std::shared_ptr<KvSegment> own;               // where the rows' keys and values go
};

/// Attention of a flat batch of chunks. Rows that share a segment meet its keys in one product, every element of which is one
/// chain of additions; so a row's bits depend neither on the batch, nor on how a prompt was cut into chunks, nor on where
/// segments end.
class CachedAttention : public nn::Attention {
 public:
  explicit CachedAttention(std::vector<Chunk> chunks);
  nn::Tensor attend(int64_t layer, const nn::Heads& heads) override;
  /// Call once after the forward pass.
  void finish();

  struct Row {
    const Chunk* chunk;
    int64_t index;  // within the chunk
  };
  /// A run of rows of a block that see the same tokens of one segment, from key `first` of their own on.
  struct Piece {
    const KvSegment* segment;
    int64_t row, rows;
    int64_t first, tokens;
  };
  struct Block {
    std::span<const Row> rows;
    std::vector<Piece> pieces;  // each row's in the order of its keys
  };

 private:
  std::vector<Chunk> chunks_;
  std::vector<Row> rows_;      // of the whole batch, those with a common context together
  std::vector<Block> blocks_;  // the same for all layers
};

}  // namespace dormouse::sample
