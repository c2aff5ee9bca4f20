#include "engine/sample/kv_cache.h"

#include "core/base/error.h"
#include "engine/sample/panel_cache.h"
#include "engine/sample/pool_cache.h"

namespace dormouse::sample {

void KvSegment::grow(int64_t tokens) {
  tokens_ += tokens;
  DORMOUSE_ASSERT(tokens_ <= capacity_);
}

int64_t Chunk::context_tokens() const {
  int64_t tokens = 0;
  for (const auto& segment : context) tokens += segment->capacity();
  return tokens;
}

void CachedAttention::finish() {
  for (const auto& chunk : chunks_) chunk.own->grow(chunk.length);
}

std::unique_ptr<KvCache> make_cache(const nn::Transformer& model) {
  const auto& config = model.config();
  // Panels hold fp32, the only precision that our kernels sample in; weights that train in bf16 are sampled as they
  // are.
  const auto like = model.weights().norm.weight.options().requires_grad(false);
  const bool panels = model.kernels().own && like.dtype() == at::kFloat;
  if (panels) return std::make_unique<PanelCache>(config.num_layers, config.num_kv_heads, config.head_dim);
  return std::make_unique<PoolCache>(config.num_layers, config.num_kv_heads, config.head_dim, like);
}

}  // namespace dormouse::sample
