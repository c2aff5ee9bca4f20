// Keys and values of sampled sequences. A sequence is a path of immutable segments that it may share with others (the
// system prompt, the few-shots) and one tail of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/nn/transformer.h"

namespace dormouse::sample {

/// Rotated keys and values of consecutive tokens, for every layer.
class KvSegment {
 public:
  KvSegment(int64_t layers, int64_t width, int64_t capacity);

  int64_t tokens() const { return tokens_; }
  int64_t capacity() const { return capacity_; }
  /// [capacity, width] of one layer; width = G * D.
  float* keys(int64_t layer) { return data_.get() + layer * 2 * capacity_ * width_; }
  float* values(int64_t layer) { return keys(layer) + capacity_ * width_; }
  /// After all layers of a forward pass have written them.
  void grow(int64_t tokens);

 private:
  int64_t width_, capacity_;
  int64_t tokens_ = 0;
  std::unique_ptr<float[]> data_;
};

/// Rows of a flat batch that continue one segment.
struct Chunk {
  int64_t begin, length;                        // rows of the batch
  // What comes before, in order: full segments, or ones that another chunk of the same batch fills.
  std::vector<std::shared_ptr<KvSegment>> context;
  std::shared_ptr<KvSegment> own;               // where the rows' keys and values go
};

/// Attention of a flat batch of chunks. Every row is computed by itself, one key after the other, so that its bits do not
/// depend on the batch, on how a prompt was cut into chunks, or on where segments end.
class CachedAttention : public nn::Attention {
 public:
  explicit CachedAttention(std::vector<Chunk> chunks) : chunks_(std::move(chunks)) {}
  nn::Tensor attend(int64_t layer, const nn::Heads& heads) override;
  /// Call once after the forward pass.
  void finish();

 private:
  std::vector<Chunk> chunks_;
};

}  // namespace dormouse::sample
