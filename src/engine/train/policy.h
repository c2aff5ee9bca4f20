// The policy-gradient step, on which RLOO, GRPO and PPO sit: rows that were sampled go through the model, the algorithm
// turns their log-probabilities into a loss in plain numbers, and the weights take one update. Free of tensors.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/text/chat_format.h"
#include "engine/train/options.h"

namespace dormouse::nn {
class Transformer;
}

namespace dormouse::train {

/// The rows of one pass of a policy-gradient step, and log p of their target tokens, one row after the other; with a
/// value head also the values of the states in which those tokens were chosen.
struct PolicyPass {
  std::span<const float> log_probs;
  std::size_t first_row;  // index of the pass's first row among the step's
  std::span<const int64_t> targets_of_row;
  std::span<const float> values = {};
};

/// A share of the step's loss, and its derivative by each of the log-probabilities, and of the values if there are any.
struct PolicyTerm {
  double loss = 0;
  std::vector<float> gradient;
  std::vector<float> value_gradient = {};
};

/// An algorithm (REINFORCE, RLOO, GRPO, PPO's policy part) in plain numbers: the share of the loss that a pass has, as
/// a function of its log-probabilities. Divide by what the whole step holds, not the pass: passes are cut by memory
/// alone.
using PolicyLoss = std::function<PolicyTerm(const PolicyPass&)>;

struct PolicyReport {
  double loss = 0, gradient_norm = 0;
  int64_t tokens = 0, target_tokens = 0;
};

class PolicyTrainer {
 public:
  /// Takes the model over: its adapters train if it has any, else its weights, in place and in the precision asked for.
  /// A value head reads the same hidden states as the output and begins at 0.
  PolicyTrainer(nn::Transformer& model, const TrainingOptions& options, bool value_head = false);
  /// The weights stay in the model, without gradients.
  ~PolicyTrainer();

  /// One update on rows whose targets are the sampled tokens. Rows of a group share the prompt's computation. A pass
  /// holds `pass_tokens` tokens, or one row. Throws kWork if the gradient is not finite.
  PolicyReport step(std::span<const text::RenderedRow* const> rows, const PolicyLoss& loss, double learning_rate,
                    int64_t pass_tokens = 2048);

  /// What the value head says before each target token, row by row.
  std::vector<std::vector<float>> values(std::span<const text::RenderedRow* const> rows,
                                         int64_t pass_tokens = 2048) const;

  /// Updates so far.
  int64_t steps() const;
  /// Weights, value head, optimizer and steps: from there training goes on bit for bit (same machine, same threads).
  /// `mark` says what the state belongs to.
  void save_state(const std::filesystem::path& folder, const std::string& mark) const;
  /// False if `folder` holds no complete state. Throws kInput if it has another mark.
  bool load_state(const std::filesystem::path& folder, const std::string& mark);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// log p of each target token, row by row, without gradient; by the packed weights if the model is packed, as while
/// sampling.
std::vector<std::vector<float>> token_log_probs(const nn::Transformer& model,
                                                std::span<const text::RenderedRow* const> rows,
                                                int64_t pass_tokens = 2048);

}  // namespace dormouse::train
