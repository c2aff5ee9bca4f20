// Sampling from the weights that train: groups of completions with their log-probabilities, ready for policy_step. What
// is rewarded, and how rewards become a loss, is the algorithm's affair.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/text/chat_format.h"
#include "engine/sample/options.h"

namespace dormouse::nn {
class Transformer;
}

namespace dormouse::train {

struct Rollout {
  std::size_t prompt = 0;  // index
  text::RenderedRow row;   // prompt and completion; the completion's tokens, a stop token included, are the targets
  std::vector<float> log_probs;  // of the targets under the weights that sampled them, at temperature 1
  std::string text;
  bool stopped = false;  // false: cut at max_tokens
};

struct RolloutOptions {
  int64_t samples = 4;  // a prompt: a group
  int64_t max_batch = 64;
  bool stop_at_end = true;
};

/// `samples` completions of every prompt, prompt by prompt. Completion j of prompt i has the seed derived from (seed,
/// i, j), so a step samples the same whatever the batch.
std::vector<Rollout> sample_rollouts(nn::Transformer& model, const text::ChatFormat& format,
                                     std::span<const std::vector<int32_t>> prompts, const RolloutOptions& options,
                                     const sample::SamplingOptions& sampling, uint64_t seed);

/// The rows of rollouts, as policy_step takes them.
std::vector<const text::RenderedRow*> rows_of(std::span<const Rollout> rollouts);

}  // namespace dormouse::train
