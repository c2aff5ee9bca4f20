// The shape of SmolLM2-135M, for tests that need no weights.
#pragma once

#include "engine/weights/model_config.h"

namespace dormouse {

inline weights::ModelConfig smollm2_135m() {
  weights::ModelConfig config;
  config.hidden_size = 576;
  config.intermediate_size = 1536;
  config.num_layers = 30;
  config.num_heads = 9;
  config.num_kv_heads = 3;
  config.head_dim = 64;
  config.vocab_size = 49152;
  config.tie_embeddings = true;
  return config;
}

}  // namespace dormouse
