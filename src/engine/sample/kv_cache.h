// Keys and values of sampled sequences. A sequence is a path of immutable segments that it may share with others (the
// system prompt, the few-shots) and one tail of its own. Where they lie is a matter of the device: panel_cache.h goes
// with our own kernels, pool_cache.h with all others.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/nn/transformer.h"

namespace dormouse::sample {

/// Rotated keys and values of consecutive tokens, for every layer and key/value group.
class KvSegment {
 public:
  explicit KvSegment(int64_t capacity) : capacity_(capacity) {}
  virtual ~KvSegment() = default;
  KvSegment(const KvSegment&) = delete;
  KvSegment& operator=(const KvSegment&) = delete;

  int64_t tokens() const { return tokens_; }
  int64_t capacity() const { return capacity_; }
  /// After all layers of a forward pass have written them.
  void grow(int64_t tokens);

 private:
  int64_t capacity_, tokens_ = 0;
};

/// Rows of a flat batch that continue one segment.
struct Chunk {
  int64_t begin, length;  // rows of the batch
  // What comes before, in order: full segments, or ones that another chunk of the same batch fills.
  std::vector<std::shared_ptr<KvSegment>> context;
  std::shared_ptr<KvSegment> own;  // where the rows' keys and values go

  int64_t context_tokens() const;
};

/// Attention of a flat batch of chunks, for one forward pass.
class CachedAttention : public nn::Attention {
 public:
  explicit CachedAttention(std::vector<Chunk> chunks) : chunks_(std::move(chunks)) {}
  /// Call once after the forward pass.
  void finish();

 protected:
  const std::vector<Chunk>& chunks() const { return chunks_; }

 private:
  std::vector<Chunk> chunks_;
};

/// Makes segments, and the attention over them. Segments of different caches do not mix.
class KvCache {
 public:
  virtual ~KvCache() = default;
  virtual std::shared_ptr<KvSegment> segment(int64_t capacity) = 0;
  virtual std::unique_ptr<CachedAttention> attention(std::vector<Chunk> chunks) = 0;
};

/// The kind that the model's kernels, device and precision ask for.
std::unique_ptr<KvCache> make_cache(const nn::Transformer& model);

}  // namespace dormouse::sample
