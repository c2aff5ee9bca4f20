// Fine-tuning, step by step: packed rows, loss on target tokens, AdamW, warm-up and cosine. The caller owns the loop,
// so that it can measure, snapshot and stop between any two steps.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <vector>

#include "core/text/chat_format.h"
#include "engine/train/options.h"

namespace dormouse::nn {
class Transformer;
}

namespace dormouse::train {

struct StepReport {
  int64_t step = 0;  // 1 to steps()
  double loss = 0;   // mean over the step's target tokens, before the update
  double learning_rate = 0;
  double gradient_norm = 0;  // before clipping
  int64_t tokens = 0;        // of the step's rows
  int64_t target_tokens = 0;
  double told_apart = std::numeric_limits<double>::quiet_NaN();  // mean probability of the right assignment; NaN
                                                                 // without rejected answers
};

/// What of the rows belongs together. Both may be empty: then each row is for itself, and nothing is rejected.
struct Units {
  std::vector<std::size_t> sizes;  // so many rows at a time keep side by side when the order is drawn
  std::vector<text::RenderedRow>
      rejected;         // one for each row, the answer it is to be told apart from (contrast.h); no ids: none
  double contrast = 1;  // how much an assignment counts; a token's log p counts 1
};

class Trainer {
 public:
  /// Takes the model over: its weights train in place, in the precision asked for. Rows without a target are refused.
  Trainer(nn::Transformer& model, std::vector<text::RenderedRow> rows, std::vector<text::RenderedRow> validation,
          const TrainingOptions& options, uint64_t seed, Units units = {});
  /// The weights stay in the model, without gradients.
  ~Trainer();

  int64_t steps() const;
  int64_t step() const;  // done so far

  /// The next optimizer step. Throws kWork when the loss or the gradient is not finite.
  StepReport next();

  /// Mean loss over the target tokens of the validation rows; NaN without rows.
  double validation_loss() const;

  /// Everything from which training goes on bit for bit (same machine, same threads): master weights, optimizer, step.
  /// The order of the rows is a function of (seed, epoch), so the step is the whole data position and random state.
  void save_state(const std::filesystem::path& folder) const;
  /// False if `folder` holds no complete state. Throws kInput if it is the state of other rows or options.
  bool load_state(const std::filesystem::path& folder);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Sum of log p over the target tokens and their number, for every row; no gradient. For perplexity and comparisons.
struct RowScore {
  double log_prob = 0;
  int64_t targets = 0;
};
std::vector<RowScore> score_rows(const nn::Transformer& model, const std::vector<text::RenderedRow>& rows,
                                 int64_t pass_tokens = 2048);

}  // namespace dormouse::train
