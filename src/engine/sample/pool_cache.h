// The cache for any device, in tensor operations alone: keys and values of all tokens lie in one pool, and a segment is
// a list of its slots. A step gathers the keys that its queries see, so sequences of any length, with any shared
// beginnings, meet in a few operations.
#pragma once

#include "engine/sample/kv_cache.h"

namespace dormouse::sample {

class PoolCache : public KvCache {
 public:
  PoolCache(int64_t layers, int64_t groups, int64_t size, const at::TensorOptions& like);
  std::shared_ptr<KvSegment> segment(int64_t capacity) override;
  std::unique_ptr<CachedAttention> attention(std::vector<Chunk> chunks) override;

  struct Pool;

 private:
  std::shared_ptr<Pool> pool_;  // segments that outlive the cache give their slots back to it
};

}  // namespace dormouse::sample
