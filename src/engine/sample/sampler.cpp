#include "engine/sample/sampler.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"

namespace dormouse::sample {

namespace {

bool larger_logit(const Candidate& a, const Candidate& b) {
  return a.logit != b.logit ? a.logit > b.logit : a.id < b.id;
}

}  // namespace

int32_t most_likely(std::span<const float> logits) {
  return static_cast<int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

void keep_top_k(std::vector<Candidate>& candidates, int64_t k) {
  if (k <= 0) return;
  const auto count = std::min(static_cast<std::size_t>(k), candidates.size());
  const auto end = candidates.begin() + static_cast<std::ptrdiff_t>(count);
  std::partial_sort(candidates.begin(), end, candidates.end(), larger_logit);
  candidates.erase(end, candidates.end());
}

void weigh(std::vector<Candidate>& candidates, double temperature) {
  DORMOUSE_ASSERT(!candidates.empty() && temperature > 0);
  float largest = candidates.front().logit;
  for (const auto& candidate : candidates) largest = std::max(largest, candidate.logit);
  const auto inverse = static_cast<float>(1.0 / temperature);
  for (auto& candidate : candidates) candidate.weight = std::exp((candidate.logit - largest) * inverse);
}

void keep_top_p(std::vector<Candidate>& candidates, double p) {
  if (p >= 1) return;
  std::sort(candidates.begin(), candidates.end(), larger_logit);
  double total = 0;
  for (const auto& candidate : candidates) total += candidate.weight;
  double reached = 0;
  std::size_t count = 0;
  while (count < candidates.size() && (count == 0 || reached < p * total)) reached += candidates[count++].weight;
  candidates.resize(count);
}

int32_t draw_token(std::span<const float> logits, const SamplingOptions& options, RandomStream& random) {
  if (options.temperature == 0) return most_likely(logits);
  std::vector<Candidate> candidates(logits.size());
  for (std::size_t i = 0; i < logits.size(); ++i) candidates[i] = {static_cast<int32_t>(i), logits[i]};
  keep_top_k(candidates, options.top_k);
  weigh(candidates, options.temperature);
  keep_top_p(candidates, options.top_p);
  double total = 0;
  for (const auto& candidate : candidates) total += candidate.weight;
  double left = random.uniform() * total;
  for (const auto& candidate : candidates) {
    left -= candidate.weight;
    if (left < 0) return candidate.id;
  }
  return candidates.back().id;
}

}  // namespace dormouse::sample
