#include "engine/sample/kv_cache.h"

#include <cmath>
#include <cstring>

#include "core/base/error.h"
#include "engine/nn/fast_exp.h"

namespace dormouse::sample {

namespace {

// Keys and values that one row sees, span by span.
struct Span {
  const float *keys, *values;
  int64_t tokens;
};

float dot(const float* a, const float* b, int64_t size) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < size; ++i) sum += a[i] * b[i];
  return sum;
}

// softmax(q K^T / sqrt(D)) V for one query of one head. `scores` has room for all tokens.
void attend_row(const float* q, const std::vector<Span>& spans, int64_t stride, int64_t size, float* scores, float* out) {
  const float scale = 1.0f / std::sqrt(static_cast<float>(size));
  float largest = -INFINITY;
  int64_t count = 0;
  for (const auto& span : spans) {
    for (int64_t t = 0; t < span.tokens; ++t) {
      scores[count] = dot(q, span.keys + t * stride, size) * scale;
      largest = std::max(largest, scores[count++]);
    }
  }
  float total = 0;
  for (int64_t t = 0; t < count; ++t) scores[t] = nn::fast_exp(scores[t] - largest);
  for (int64_t t = 0; t < count; ++t) total += scores[t];
  std::memset(out, 0, static_cast<std::size_t>(size) * sizeof(float));
  count = 0;
  for (const auto& span : spans) {
    for (int64_t t = 0; t < span.tokens; ++t) {
      const float p = scores[count++];
      const float* v = span.values + t * stride;
      for (int64_t d = 0; d < size; ++d) out[d] += p * v[d];
    }
  }
  for (int64_t d = 0; d < size; ++d) out[d] /= total;
}

struct Shape {
  int64_t heads, groups, size;
  int64_t width() const { return groups * size; }
};

void attend_chunk_row(const Chunk& chunk, int64_t layer, int64_t row, const Shape& shape, const float* q, float* out) {
  const int64_t own_tokens = chunk.own->tokens() + row + 1;
  int64_t total = own_tokens;
  for (const auto& segment : chunk.context) total += segment->capacity();
  std::vector<float> scores(static_cast<std::size_t>(total));
  std::vector<Span> spans(chunk.context.size() + 1);
  for (int64_t head = 0; head < shape.heads; ++head) {
    const int64_t offset = head / (shape.heads / shape.groups) * shape.size;
    for (std::size_t s = 0; s < chunk.context.size(); ++s) {
      KvSegment& segment = *chunk.context[s];
      spans[s] = {segment.keys(layer) + offset, segment.values(layer) + offset, segment.capacity()};
    }
    spans.back() = {chunk.own->keys(layer) + offset, chunk.own->values(layer) + offset, own_tokens};
    attend_row(q + head * shape.size, spans, shape.width(), shape.size, scores.data(), out + head * shape.size);
  }
}

}  // namespace

KvSegment::KvSegment(int64_t layers, int64_t width, int64_t capacity)
    : width_(width),
      capacity_(capacity),
      data_(std::make_unique_for_overwrite<float[]>(static_cast<std::size_t>(layers * 2 * capacity * width))) {}

void KvSegment::grow(int64_t tokens) {
  tokens_ += tokens;
  DORMOUSE_ASSERT(tokens_ <= capacity_);
}

nn::Tensor CachedAttention::attend(int64_t layer, const nn::Heads& heads) {
  const Shape shape{heads.q.size(1), heads.k.size(1), heads.q.size(2)};
  const float *q = heads.q.const_data_ptr<float>(), *k = heads.k.const_data_ptr<float>();
  const float* v = heads.v.const_data_ptr<float>();
  for (const auto& chunk : chunks_) {
    const auto bytes = static_cast<std::size_t>(chunk.length * shape.width()) * sizeof(float);
    const int64_t at = chunk.own->tokens() * shape.width();
    std::memcpy(chunk.own->keys(layer) + at, k + chunk.begin * shape.width(), bytes);
    std::memcpy(chunk.own->values(layer) + at, v + chunk.begin * shape.width(), bytes);
  }
  nn::Tensor out = at::empty({heads.q.size(0), shape.heads * shape.size}, heads.q.options());
  float* to = out.mutable_data_ptr<float>();
  std::vector<std::pair<const Chunk*, int64_t>> rows;  // (chunk, row within it) of every row of the batch
  for (const auto& chunk : chunks_) {
    for (int64_t row = 0; row < chunk.length; ++row) rows.emplace_back(&chunk, row);
  }
  at::parallel_for(0, static_cast<int64_t>(rows.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto& [chunk, row] = rows[static_cast<std::size_t>(i)];
      const int64_t at = (chunk->begin + row) * shape.heads * shape.size;
      attend_chunk_row(*chunk, layer, row, shape, q + at, to + at);
    }
  });
  return out;
}

void CachedAttention::finish() {
  for (const auto& chunk : chunks_) chunk.own->grow(chunk.length);
}

}  // namespace dormouse::sample
