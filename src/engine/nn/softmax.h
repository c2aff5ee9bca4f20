// The sums behind probabilities, each in one fixed order: sampling and training share them, so their bits agree.
#pragma once

#include <cstdint>
#include <span>

namespace dormouse::nn {

/// In place: e^(score - largest score). Returns the sum: kPanel chains, score i in chain i % kPanel. count >= 1.
float exponentials(float* scores, int64_t count);

/// log softmax(logits)[token]; the sum in fp64, in 16 chains.
float log_probability(std::span<const float> logits, int64_t token);

}  // namespace dormouse::nn
