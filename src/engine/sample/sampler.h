// From logits to a token: temperature, top-k, top-p, then one draw. Each step is a small pure function over candidates.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/random.h"
#include "engine/sample/options.h"

namespace dormouse::sample {

struct Candidate {
  int32_t id;
  float logit;
  double weight = 0;  // unnormalised probability
};

/// Index of the largest logit; the smallest index among equals.
int32_t most_likely(std::span<const float> logits);

/// Keeps the k candidates of largest logit, largest first (ties: smaller id first). k = 0 keeps all, unordered.
void keep_top_k(std::vector<Candidate>& candidates, int64_t k);

/// weight = exp((logit - largest) / temperature); temperature > 0.
void weigh(std::vector<Candidate>& candidates, double temperature);

/// Keeps the smallest set of largest weights whose share reaches p, at least one. p >= 1 keeps all.
void keep_top_p(std::vector<Candidate>& candidates, double p);

/// The whole chain. Draws one number from `random`, none when greedy.
int32_t draw_token(std::span<const float> logits, const SamplingOptions& options, RandomStream& random);

}  // namespace dormouse::sample
