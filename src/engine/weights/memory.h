// How much memory work on a model takes, from its shape alone, before anything is loaded.
#pragma once

#include <cstdint>

#include "engine/weights/model_config.h"

namespace dormouse::weights {

int64_t parameter_count(const ModelConfig& config);

struct TrainingWork {
  int64_t pass_tokens = 2048;  // of one forward and backward pass; a beginning that rows share counts once
  bool bf16 = false;
  int64_t adapter_rank = 0;  // 0 trains all weights
};

struct SamplingWork {
  int64_t sequences = 64;  // at once
  int64_t tokens = 256;    // of one sequence, prompt included
};

/// Peak resident bytes of the whole process on a CPU. `dormouse bench` prints them beside what it measures.
int64_t training_bytes(const ModelConfig& config, const TrainingWork& work);
/// Of a model loaded for sampling only.
int64_t sampling_bytes(const ModelConfig& config, const SamplingWork& work);
/// Of scoring rows: no gradients, and each layer's results are dropped.
int64_t scoring_bytes(const ModelConfig& config, int64_t pass_tokens);

}  // namespace dormouse::weights
