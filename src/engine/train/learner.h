// What every algorithm that trains has in common: packed rows through the model with their graph, gradients summed over passes,
// one clipped AdamW update. Supervised fine-tuning and policy gradients sit on it.
#pragma once

#include "engine/train/adamw.h"
#include "engine/train/batch.h"

namespace dormouse::train {

class Learner {
 public:
  /// Takes the model over: its adapters train if it has any, else its weights, in place and in the precision asked for.
  /// `more` trains with it: a head.
  Learner(nn::Transformer& model, const TrainingOptions& options, std::vector<nn::Parameter> more = {});
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

}  // namespace dormouse::train
