// The Llama family (Mistral and Qwen 2 with it) and GPT-NeoX as data: what config.json and a GGUF's metadata say about
// a model.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "engine/weights/dtype.h"

namespace dormouse::weights {

/// Rotary frequencies for a longer context than the first training had, as Llama 3.1 has them (`llama3` at the hub):
/// wavelengths over original_positions / low_frequency_factor are stretched by `factor`, those under original_positions
/// / high_frequency_factor stay, and those between are blended. factor 1: unscaled.
struct RotaryScaling {
  double factor = 1;
  double low_frequency_factor = 1;
  double high_frequency_factor = 4;  // more than the low one
  int64_t original_positions = 8192;

  bool operator==(const RotaryScaling&) const = default;
};

struct ModelConfig {
  std::string model_type = "llama";  // the hub's name of the family: "llama", "mistral", "qwen2" or "gpt_neox"
  int64_t hidden_size = 0;
  int64_t intermediate_size = 0;
  int64_t num_layers = 0;
  int64_t num_heads = 0;
  int64_t num_kv_heads = 0;  // divides num_heads
  int64_t head_dim = 0;      // even
  int64_t vocab_size = 0;    // rows of the embedding; may exceed the tokenizer's
  int64_t max_positions = 0;
  double rope_theta = 10000;
  double norm_eps = 1e-6;
  bool tie_embeddings = false;
  RotaryScaling rope_scaling = {};
  bool qkv_bias = false, attention_output_bias = false;
  bool mlp_bias = false;
  bool gated_mlp = true;           // silu(gate) * up; else gelu(up)
  bool centred_norm = false;       // LayerNorm with a bias; else root-mean-square norm
  bool parallel_residual = false;  // attention and MLP both read the layer's input
  double rotary_fraction = 1;      // of a head's elements
  std::string hidden_act = "silu";
  int32_t bos_token_id = -1;  // -1: none
  std::vector<int32_t> eos_token_ids;
  int32_t pad_token_id = -1;

  /// GPT-NeoX, whose files have a layout of their own (neox.h).
  bool is_neox() const { return model_type == "gpt_neox"; }
  /// How many of a head's elements turn; even.
  int64_t rotary_dim() const { return static_cast<int64_t>(static_cast<double>(head_dim) * rotary_fraction); }

  bool operator==(const ModelConfig&) const = default;
};

/// Throws kInput naming `place` and the key unless every size is positive and bounded and the heads fit
/// together. Whoever passes may be multiplied in 64 bits.
void check_config(const ModelConfig& config, std::string_view place);

/// Reads the hub's config.json. Throws kInput, with what is supported, for another family, another
/// activation, rotary embeddings that are scaled in another way than Llama 3.1's, sliding windows shorter than the
/// context, and quantised checkpoints.
ModelConfig config_from_json(const Json& json, std::string_view place);

/// The sizes alone, to plan with, also of families that are not supported, whose biases are not counted.
/// Throws kInput for a mixture of experts.
ModelConfig shape_from_json(const Json& json, std::string_view place);

/// A config.json that transformers 4 and 5 load, for weights stored as `dtype`.
Json config_to_json(const ModelConfig& config, DType dtype);

/// One id or a list of ids, as config.json and generation_config.json write `eos_token_id`; null and absence
/// give none.
std::vector<int32_t> token_ids_from_json(const Json& object, const std::string& key, std::string_view place);

}  // namespace dormouse::weights
