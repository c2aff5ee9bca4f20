#include "engine/nn/softmax.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/nn/fast_exp.h"
#include "engine/nn/ops.h"
#include "engine/nn/tile.h"

namespace dormouse::nn {

namespace {

float largest_of(const float* values, int64_t count) {
  float largest = values[0];
#pragma omp simd reduction(max : largest)
  for (int64_t i = 0; i < count; ++i) largest = std::max(largest, values[i]);
  return largest;
}

// Sum of term(i) in `kChains` chains; the order does not depend on how the compiler vectorises.
template <int64_t kChains, class Sum, class Term>
Sum chained_sum(int64_t count, Term term) {
  Sum chains[kChains] = {};
  int64_t i = 0;
  for (; i + kChains <= count; i += kChains) {
    for (int64_t c = 0; c < kChains; ++c) chains[c] += static_cast<Sum>(term(i + c));
  }
  for (int64_t c = 0; i + c < count; ++c) chains[c] += static_cast<Sum>(term(i + c));
  return std::accumulate(chains, chains + kChains, Sum{0});
}

}  // namespace

float exponentials(float* scores, int64_t count) {
  const float largest = largest_of(scores, count);
  for (int64_t i = 0; i < count; ++i) scores[i] = fast_exp(scores[i] - largest);
  return chained_sum<kPanel, float>(count, [&](int64_t i) { return scores[i]; });
}

float log_probability(std::span<const float> logits, int64_t token) {
  const auto count = static_cast<int64_t>(logits.size());
  const float largest = largest_of(logits.data(), count);
  const auto total = chained_sum<16, double>(
      count, [&](int64_t i) { return fast_exp(logits[static_cast<std::size_t>(i)] - largest); });
  return static_cast<float>(static_cast<double>(logits[static_cast<std::size_t>(token)] - largest) - std::log(total));
}

Tensor log_probabilities(const Tensor& logits, const Tensor& targets) {
  const Tensor rows = logits.contiguous();
  const int64_t vocabulary = rows.size(1);
  const float* data = rows.const_data_ptr<float>();
  const int64_t* target = targets.const_data_ptr<int64_t>();
  Tensor result = at::empty({rows.size(0)}, at::kFloat);
  float* to = result.mutable_data_ptr<float>();
  at::parallel_for(0, rows.size(0), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      to[i] = log_probability({data + i * vocabulary, static_cast<std::size_t>(vocabulary)}, target[i]);
    }
  });
  return result;
}

}  // namespace dormouse::nn
