// What every algorithm that trains has in common: packed rows through the model with their graph, gradients summed over passes,
// one clipped AdamW update. Supervised fine-tuning and policy gradients sit on it.
#pragma once

#include <functional>
#include <span>

#include "engine/train/adamw.h"
#include "engine/train/batch.h"

namespace dormouse::train {

class Learner {
 public:
  /// Takes the model over: its adapters train if it has any, else its weights, in place and in the precision asked for.
  Learner(nn::Transformer& model, const TrainingOptions& options);
  /// The weights stay in the model, without gradients.
  ~Learner();
  Learner(const Learner&) = delete;
  Learner& operator=(const Learner&) = delete;

  nn::Transformer& model() { return model_; }
  AdamW& optimizer() { return optimizer_; }

  /// Clips the gradient that the passes summed up, updates, clears it. `step` counts from 1. Returns the norm before clipping;
  /// throws kWork if it is not finite.
  double update(int64_t step, double learning_rate);

 private:
  nn::Transformer& model_;
  TrainingOptions options_;
  AdamW optimizer_;
};

/// Hidden states at the positions that predict a target [N, C].
nn::Tensor hidden_at_targets(const nn::Transformer& model, const Batch& batch);

/// The rows of one pass of a policy-gradient step, and log p of their target tokens, one after the other: fp32 [N].
struct PolicyPass {
  nn::Tensor log_probs;
  std::size_t first_row;                  // index of the pass's first row among the step's
  std::span<const int64_t> targets_of_row;
};

/// An algorithm: the share of the step's loss that a pass has, as a function of its log-probabilities. Divide by what the whole
/// step holds, not the pass: passes are cut by memory alone.
using PolicyLoss = std::function<nn::Tensor(const PolicyPass&)>;

struct PolicyReport {
  double loss = 0, gradient_norm = 0;
  int64_t tokens = 0, target_tokens = 0;
};

/// One update on sampled rows (targets: the completion's tokens). Rows of a group share the prompt's computation.
PolicyReport policy_step(Learner& learner, std::span<const text::RenderedRow* const> rows, const PolicyLoss& loss, int64_t step,
                         double learning_rate, int64_t pass_tokens = 2048);

}  // namespace dormouse::train
