// How a model is fine-tuned. Plain data.
#pragma once

#include <string>
#include <vector>

#include "core/config/fields.h"

namespace dormouse::train {

struct TrainingOptions {
  int64_t epochs = 1;
  int64_t batch_rows = 8;
  double learning_rate = 1e-4;
  double warmup = 0.1;
  double final_rate = 0.1;
  double weight_decay = 0.0;
  double beta1 = 0.9, beta2 = 0.999;
  double epsilon = 1e-8;
  double clip = 1.0;
  int64_t pass_tokens = 2048;
  int64_t snapshots = 0;
  std::string precision = "auto";

  std::vector<Field> fields() {
    return {
        {"epochs", &epochs, "passes over the rows, each in an order of its own", between(1, 10000)},
        {"batch_rows", &batch_rows, "rows of one optimizer step", between(1, 1 << 20)},
        {"learning_rate", &learning_rate, "at the peak", between(0, 10)},
        {"warmup", &warmup, "share of the steps with a rising rate", between(0, 1)},
        {"final_rate", &final_rate, "end of the cosine, as a share of the peak", between(0, 1)},
        {"weight_decay", &weight_decay, "decoupled, on matrices only", between(0, 10)},
        {"beta1", &beta1, "AdamW's decay of the mean", between(0, 1)},
        {"beta2", &beta2, "AdamW's decay of the square", between(0, 1)},
        {"epsilon", &epsilon, "AdamW's epsilon", between(0, 1)},
        {"clip", &clip, "largest norm of the whole gradient; 0 does not clip", at_least(0)},
        {"pass_tokens", &pass_tokens, "most tokens in one forward and backward pass; a step may have several",
         between(16, 1 << 20)},
        {"snapshots", &snapshots, "models kept on the way, evenly spaced, the final one not counted", between(0, 100)},
        {"precision", &precision,
         "of weights and activations; auto: bf16 on a GPU or where the processor multiplies it, else f32",
         one_of({"auto", "f32", "bf16"})},
    };
  }
};

/// Learning rate of step `step` (1 to `total`) as a share of the peak: linear warm-up, then a cosine to final_rate.
double schedule(const TrainingOptions& options, int64_t step, int64_t total);

/// "f32" or "bf16"; what auto stands for depends on the processor and on nn::device().
std::string resolve_precision(const std::string& precision);

}  // namespace dormouse::train
