// What every algorithm that trains has in common: packed rows through the model with their graph, gradients summed over
// passes, one clipped AdamW update. Supervised fine-tuning and policy gradients sit on it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

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

  /// Clips the gradient that the passes summed up, updates, clears it. `step` counts from 1. Returns the norm before
  /// clipping; throws kWork if it is not finite.
  double update(int64_t step, double learning_rate);

  /// Everything that updates change, and the number of the last one. `mark` says what the state belongs to.
  void save(const std::filesystem::path& folder, const std::string& mark, int64_t step) const;
  /// The step of the state in `folder`; nothing if it has no complete one. Throws kInput if it has another mark.
  std::optional<int64_t> load(const std::filesystem::path& folder, const std::string& mark);

 private:
  nn::Transformer& model_;
  TrainingOptions options_;
  AdamW optimizer_;
};

/// Hidden states at the positions that predict a target [N, C].
nn::Tensor hidden_at_targets(const nn::Transformer& model, const Batch& batch);

}  // namespace dormouse::train
