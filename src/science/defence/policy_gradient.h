// The arithmetic of policy gradients, in plain numbers: advantages and losses of PPO, RLOO and GRPO. What samples and
// what differentiates the model is the engine's.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/config/fields.h"

namespace dormouse::defence {

struct PolicyGradientOptions {
  std::string algorithm = "rloo";
  double kl = 0.05;
  double clip = 0.2;
  double gamma = 1.0, lambda = 0.95;
  double value_weight = 0.1, value_clip = 0.2;

  std::vector<Field> fields() {
    return {
        {"algorithm", &algorithm,
         "ppo (Schulman et al. 2017, with a value head), rloo (Ahmadian et al. 2024), grpo (Shao et al. 2024)",
         one_of({"ppo", "rloo", "grpo"})},
        {"kl", &kl, "weight of the divergence from the start: in the reward (ppo, rloo), in the loss (grpo)",
         between(0, 100)},
        {"clip", &clip, "how far the ratio of probabilities may leave 1 before its gradient stops", between(0, 10)},
        {"gamma", &gamma, "ppo: discount of a later token's reward", between(0, 1)},
        {"lambda", &lambda, "ppo: of the generalised advantage estimate", between(0, 1)},
        {"value_weight", &value_weight, "ppo: weight of the value loss", between(0, 100)},
        {"value_clip", &value_clip, "ppo: how far a value may move in one update before its gradient stops",
         between(0, 100)},
    };
  }
};

/// One sampled completion; the vectors have one entry a token.
struct ScoredSample {
  std::size_t group = 0;         // samples of one prompt
  double reward = 0;             // of the whole completion
  std::vector<float> log_probs;  // when sampled
  std::vector<float> reference;  // of the start of the training
  std::vector<float> values;     // ppo: of the value head when sampled
};

/// What a token is trained towards.
struct Advantage {
  std::vector<double> advantages;  // one a token
  std::vector<double> returns;     // ppo: what the value head should have said
};

/// Schulman et al. 2016 (GAE): delta_t = r_t + gamma v_{t+1} - v_t, A_t = sum_l (gamma lambda)^l delta_{t+l}; v behind
/// the last token is 0.
Advantage generalised_advantage(std::span<const double> rewards, std::span<const float> values, double gamma,
                                double lambda);

/// For every sample, in order. ppo: GAE over -kl (log p - log p_ref) a token with the reward on the last, then brought
/// to mean 0 and deviation 1 over all tokens. rloo: the reward less kl times the summed divergence, less the mean of
/// the others of its group. grpo: the reward brought to mean 0 and deviation 1 within its group. Groups of one give 0
/// under rloo and grpo.
std::vector<Advantage> advantages(std::span<const ScoredSample> samples, const PolicyGradientOptions& options);

struct TokenLoss {
  double loss = 0;
  double gradient = 0;  // d loss / d log p, or d loss / d value
};

/// -min(ratio A, clamp(ratio, 1 - clip, 1 + clip) A) with ratio = e^(log p - old); for grpo with kl (e^d - d - 1), d =
/// reference - log p.
TokenLoss policy_loss(double log_prob, double old, double reference, double advantage,
                      const PolicyGradientOptions& options);

/// Half the larger of (v - return)^2 and (old + clamp(v - old) - return)^2.
TokenLoss value_loss(double value, double old, double target, double clip);

}  // namespace dormouse::defence
