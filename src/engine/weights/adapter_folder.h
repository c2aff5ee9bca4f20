// LoRA adapters in the layout of Hugging Face PEFT: adapter_config.json and adapter_model.safetensors.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/weights/safetensors.h"

namespace dormouse::weights {

struct AdapterConfig {
  int64_t rank = 0;
  double alpha = 0;
  std::vector<std::string> kinds;  // linear modules: "q_proj", "down_proj"
  std::string base;                // where the model comes from; may be empty
};

/// Tensors under the model's names: model.layers.0.self_attn.q_proj.lora_A [r, inputs] and .lora_B [outputs, r].
struct AdapterFolder {
  AdapterConfig config;
  std::map<std::string, std::vector<float>> tensors;
};

/// Each file is complete or absent, the config last.
void save_adapter_folder(const fs::path& folder, const AdapterConfig& config,
                         const std::map<std::string, NamedTensor>& tensors);

/// Throws kInput for what is missing, malformed, or not plain LoRA (other methods, rank patterns, rank-stabilised
/// scaling, biases).
AdapterFolder load_adapter_folder(const fs::path& folder);

}  // namespace dormouse::weights
