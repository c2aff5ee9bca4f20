// Preference models: a chat model with a scalar read-out, fitted to pairs of a better and a worse answer (Bradley and
// Terry 1952; as the reward of RL in Ouyang et al. 2022 and Bai et al. 2022).
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "engine/chat/local_model.h"
#include "engine/train/reward.h"
#include "science/defence/preference.h"

namespace dormouse::defence {

/// An answer to a chat that ends with the user's turn.
struct JudgedAnswer {
  std::vector<text::Message> messages;
  std::string answer;
};

class PreferenceModel {
 public:
  /// A model whose read-out is 0.
  explicit PreferenceModel(chat::LocalModel model);
  /// Of a folder that `save` wrote. Throws kInput if it holds no read-out, or another model's.
  static PreferenceModel open(const std::filesystem::path& folder);

  /// One number an answer, higher for better; no scale of its own.
  std::vector<float> score(std::span<const JudgedAnswer> answers) const;

  /// A model folder in the hub's layout, with the read-out beside the weights: score.safetensors, score.weight [1, C]
  /// fp32.
  void save(const std::filesystem::path& folder, weights::DType dtype);

  chat::LocalModel& model() { return *model_; }
  train::RewardModel& reward() { return *reward_; }

 private:
  std::unique_ptr<chat::LocalModel> model_;
  std::unique_ptr<train::RewardModel> reward_;
};

/// The better and the worse row of every pair, in turns. Pairs with a row of more than `longest` tokens are left out
/// and counted.
struct PairRows {
  std::vector<text::RenderedRow> rows;
  int64_t too_long = 0;
};
PairRows render_pairs(const text::ChatFormat& format, std::span<const PreferencePair> pairs, int64_t longest);

/// Rewards of pairs that `render_pairs` made.
std::vector<std::pair<float, float>> pair_rewards(const train::RewardModel& model,
                                                  const std::vector<text::RenderedRow>& rows);

/// Fits a preference model, step by step. Of the options, `batch_rows` counts pairs; `snapshots` is not used.
class PreferenceTrainer {
 public:
  /// `rows` as `render_pairs` made them. Their order in an epoch is drawn from the seed.
  PreferenceTrainer(PreferenceModel& model, std::vector<text::RenderedRow> rows, const train::TrainingOptions& options,
                    uint64_t seed);

  int64_t steps() const;
  int64_t step() const { return trainer_.steps(); }

  /// The next update: its learning rate, and the mean loss over its pairs.
  struct Report {
    int64_t step = 0;
    double loss = 0, learning_rate = 0;
    int64_t tokens = 0;
  };
  Report next();

  /// As train::Trainer's.
  void save_state(const std::filesystem::path& folder) const;
  bool load_state(const std::filesystem::path& folder);

 private:
  std::vector<const text::RenderedRow*> rows_of_step(int64_t index) const;
  std::string mark() const;

  std::vector<text::RenderedRow> rows_;
  train::TrainingOptions options_;
  uint64_t seed_;
  int64_t pairs_, steps_per_epoch_;
  train::RewardTrainer trainer_;
};

}  // namespace dormouse::defence
