// Where the queries of a flat batch find their keys: in the batch itself (training), or in a cache (sample/kv_cache.h).
#pragma once

#include "engine/nn/ops.h"

namespace dormouse::nn {

class Attention {
 public:
  virtual ~Attention() = default;
  /// -> [T, H * D]
  virtual Tensor attend(int64_t layer, const Heads& heads) = 0;
};

/// By our own kernel, for a CPU.
class DocumentAttention : public Attention {
 public:
  explicit DocumentAttention(std::vector<Document> documents) : documents_(std::move(documents)) {}
  Tensor attend(int64_t, const Heads& heads) override { return packed_attention(heads, documents_); }

 private:
  std::vector<Document> documents_;
};

/// By the plain twin, on any device. The mask is the same for all layers.
class MaskedAttention : public Attention {
 public:
  explicit MaskedAttention(std::vector<Document> documents) : documents_(std::move(documents)) {}
  Tensor attend(int64_t, const Heads& heads) override {
    if (!mask_.defined()) mask_ = plain::document_mask(documents_, heads.q.options());
    return plain::masked_attention(heads, mask_);
  }

 private:
  std::vector<Document> documents_;
  Tensor mask_;
};

}  // namespace dormouse::nn
