// Models that give a whole row one number: a linear read-out of the hidden state of its last token. How numbers become
// a loss is the caller's affair. Free of tensors.
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

class RewardModel {
 public:
  /// The read-out begins at 0. The model must outlive this.
  explicit RewardModel(nn::Transformer& model);
  ~RewardModel();

  /// One number a row. Rows share beginnings; no gradient.
  std::vector<float> score(std::span<const text::RenderedRow* const> rows, int64_t pass_tokens = 2048) const;

  /// The read-out as safetensors, score.weight [1, C] fp32. Throws kInput if the file holds another shape.
  void save_head(const std::filesystem::path& file) const;
  void load_head(const std::filesystem::path& file);

 private:
  friend class RewardTrainer;
  struct State;
  std::unique_ptr<State> state_;
};

/// A share of the step's loss, and its derivative by each of the pass's rewards.
struct RewardTerm {
  double loss = 0;
  std::vector<float> gradient;
};
using RewardLoss = std::function<RewardTerm(std::span<const float> rewards, std::size_t first_row)>;

struct RewardReport {
  double loss = 0, gradient_norm = 0;
  int64_t tokens = 0;
};

class RewardTrainer {
 public:
  /// Trains the model's weights (its adapters, if it has any) and the read-out, in the precision asked for.
  RewardTrainer(RewardModel& model, const TrainingOptions& options);
  ~RewardTrainer();

  /// One update. `together` rows at a time are in one pass: 2 for pairs.
  RewardReport step(std::span<const text::RenderedRow* const> rows, const RewardLoss& loss, double learning_rate,
                    std::size_t together = 2, int64_t pass_tokens = 2048);

  /// Updates so far, and the state from which they go on bit for bit: as PolicyTrainer's.
  int64_t steps() const;
  void save_state(const std::filesystem::path& folder, const std::string& mark) const;
  bool load_state(const std::filesystem::path& folder, const std::string& mark);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dormouse::train
