#include "engine/weights/model_config.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "core/base/error.h"

namespace dormouse::weights {

namespace {

constexpr const char* kFamilies = "llama (SmolLM, Llama 2 to 3.3), mistral, qwen2 (Qwen 2 and 2.5), gpt_neox (Pythia)";
constexpr int64_t kMaxTokenId = 1 << 30;
constexpr int64_t kMaxPositions = 1 << 26;

bool is_present(const Json& json, const std::string& key) {
  const auto found = json.find(key);
  return found != json.end() && !found->is_null();
}

int64_t integer_or(const Json& json, const std::string& key, int64_t fallback, std::string_view place) {
  return is_present(json, key) ? json_int(json, key, place) : fallback;
}

double number_or(const Json& json, const std::string& key, double fallback, std::string_view place) {
  return is_present(json, key) ? json_number(json, key, place) : fallback;
}

bool boolean_or(const Json& json, const std::string& key, bool fallback, std::string_view place) {
  if (!is_present(json, key)) return fallback;
  const Json& value = json[key];
  if (!value.is_boolean()) {
    fail_input(place, fmt::format("`{}`: expected true or false, found {}", key, value.type_name()));
  }
  return value.get<bool>();
}

std::string string_or(const Json& json, const std::string& key, const char* fallback, std::string_view place) {
  return is_present(json, key) ? json_string(json, key, place) : fallback;
}

void check_range(std::string_view place, const char* key, int64_t value, int64_t highest) {
  if (value < 1 || value > highest) {
    fail_input(place, fmt::format("`{}`: expected 1 to {}, found {}", key, highest, value));
  }
}

RotaryScaling llama3_scaling(const Json& rope, std::string_view place) {
  const RotaryScaling scaling{.factor = json_number(rope, "factor", place),
                              .low_frequency_factor = json_number(rope, "low_freq_factor", place),
                              .high_frequency_factor = json_number(rope, "high_freq_factor", place),
                              .original_positions = json_int(rope, "original_max_position_embeddings", place)};
  if (!(scaling.factor >= 1 && scaling.factor < 1e6)) fail_input(place, "`factor`: expected 1 or more");
  if (!(scaling.low_frequency_factor > 0 && scaling.high_frequency_factor > scaling.low_frequency_factor &&
        scaling.high_frequency_factor < 1e6)) {
    fail_input(place, "expected 0 < `low_freq_factor` < `high_freq_factor`");
  }
  check_range(place, "original_max_position_embeddings", scaling.original_positions, kMaxPositions);
  return scaling;
}

// The two places of rotary settings: `rope_scaling` beside a top-level `rope_theta` (transformers 4), and
// `rope_parameters` with everything (transformers 5).
void read_rope(const Json& json, ModelConfig& config, std::string_view place) {
  const bool is_neox = config.is_neox();
  config.rope_theta = number_or(json, is_neox ? "rotary_emb_base" : "rope_theta", config.rope_theta, place);
  double partial = is_neox ? number_or(json, "rotary_pct", 0.25, place) : 1.0;
  partial = number_or(json, "partial_rotary_factor", partial, place);
  for (const char* key : {"rope_scaling", "rope_parameters"}) {
    if (!is_present(json, key)) continue;
    const Json& rope = json[key];
    const std::string here = fmt::format("{}: `{}`", place, key);
    if (!rope.is_object()) fail_input(here, fmt::format("expected an object, found {}", rope.type_name()));
    const std::string type = string_or(rope, "rope_type", string_or(rope, "type", "default", here).c_str(), here);
    if (type == "llama3" && !is_neox) {
      config.rope_scaling = llama3_scaling(rope, here);
    } else if (type != "default") {
      fail_input(here, fmt::format("rotary embeddings of type `{}` are not supported; supported: {}", type,
                                   is_neox ? "default" : "default, llama3"));
    }
    config.rope_theta = number_or(rope, "rope_theta", config.rope_theta, here);
    partial = number_or(rope, "partial_rotary_factor", partial, here);
  }
  if (partial != 1.0 && !is_neox) {
    fail_input(place, fmt::format("`partial_rotary_factor`: {} is not supported; supported: 1", partial));
  }
  config.rotary_fraction = partial;
}

void refuse_unsupported(const Json& json, const ModelConfig& config, std::string_view place) {
  const std::string supported = config.is_neox() ? "gelu" : "silu";
  const std::string activation = string_or(json, "hidden_act", supported.c_str(), place);
  if (activation != supported && !(activation == "swish" && !config.is_neox())) {
    fail_input(place, fmt::format("`hidden_act`: `{}` is not supported; supported: {}", activation, supported));
  }
  if (is_present(json, "quantization_config")) {
    fail_input(place, "`quantization_config`: quantised checkpoints are not supported",
               "use the unquantised checkpoint, or a GGUF");
  }
  if (is_present(json, "sliding_window") &&
      boolean_or(json, "use_sliding_window", config.model_type != "qwen2", place)) {
    const int64_t window = json_int(json, "sliding_window", place);
    if (window < integer_or(json, "max_position_embeddings", 2048, place)) {
      fail_input(place,
                 fmt::format("`sliding_window`: {} is shorter than the context, which is not supported", window));
    }
  }
}

// Llama says by two keys what has biases; Mistral has none, Qwen 2 always those of q, k and v alone; NeoX has all, or
// none in attention.
void read_biases(const Json& json, ModelConfig& config, std::string_view place) {
  config.qkv_bias = config.model_type == "qwen2";
  if (config.qkv_bias || config.model_type == "mistral") return;
  const bool is_neox = config.is_neox();
  config.qkv_bias = config.attention_output_bias = boolean_or(json, "attention_bias", is_neox, place);
  config.mlp_bias = is_neox || boolean_or(json, "mlp_bias", false, place);
}

// All that says which tensors there are. Heads are not yet known to divide the hidden size.
void read_shape(const Json& json, ModelConfig& config, std::string_view place) {
  config.hidden_size = json_int(json, "hidden_size", place);
  config.intermediate_size = json_int(json, "intermediate_size", place);
  config.num_layers = json_int(json, "num_hidden_layers", place);
  config.num_heads = config.num_kv_heads = json_int(json, "num_attention_heads", place);
  check_range(place, "num_attention_heads", config.num_heads, 4096);
  if (!config.is_neox()) config.num_kv_heads = integer_or(json, "num_key_value_heads", config.num_heads, place);
  config.head_dim = integer_or(json, "head_dim", config.hidden_size / config.num_heads, place);
  config.vocab_size = json_int(json, "vocab_size", place);
  config.max_positions = integer_or(json, "max_position_embeddings", 2048, place);
  config.tie_embeddings = boolean_or(json, "tie_word_embeddings", false, place);
  read_biases(json, config, place);
  if (!config.is_neox()) return;
  config.gated_mlp = false;
  config.centred_norm = true;
  config.parallel_residual = boolean_or(json, "use_parallel_residual", true, place);
}

void check_token_id(std::string_view place, const char* key, int64_t id) {
  if (id < 0 || id > kMaxTokenId) fail_input(place, fmt::format("`{}`: {} is not a token id", key, id));
}

int32_t first_token_id(const Json& json, const std::string& key, std::string_view place) {
  const auto ids = token_ids_from_json(json, key, place);
  return ids.empty() ? -1 : ids.front();
}

}  // namespace

void check_config(const ModelConfig& config, std::string_view place) {
  check_range(place, "hidden_size", config.hidden_size, 1 << 18);
  check_range(place, "intermediate_size", config.intermediate_size, 1 << 20);
  check_range(place, "num_hidden_layers", config.num_layers, 1024);
  check_range(place, "num_attention_heads", config.num_heads, 4096);
  check_range(place, "num_key_value_heads", config.num_kv_heads, 4096);
  check_range(place, "head_dim", config.head_dim, 4096);
  check_range(place, "vocab_size", config.vocab_size, 4 << 20);
  check_range(place, "max_position_embeddings", config.max_positions, kMaxPositions);
  if (config.num_heads % config.num_kv_heads != 0) {
    fail_input(place, fmt::format("{} attention heads do not divide among {} key-value heads", config.num_heads,
                                  config.num_kv_heads));
  }
  if (config.head_dim % 2 != 0) {
    fail_input(place, fmt::format("`head_dim`: rotary embeddings need an even one, found {}", config.head_dim));
  }
  if (!(config.rotary_fraction > 0 && config.rotary_fraction <= 1) || config.rotary_dim() < 2 ||
      config.rotary_dim() % 2 != 0) {
    fail_input(place, fmt::format("{} of the {} elements of a head turn: not supported", config.rotary_dim(),
                                  config.head_dim));
  }
  if (!std::isfinite(config.rope_theta) || config.rope_theta < 1) {
    fail_input(place, fmt::format("`rope_theta`: expected 1 or more, found {}", config.rope_theta));
  }
  if (!(config.norm_eps >= 0 && config.norm_eps < 1)) {
    fail_input(place, fmt::format("`rms_norm_eps` or `layer_norm_eps`: expected 0 to 1, found {}", config.norm_eps));
  }
}

std::vector<int32_t> token_ids_from_json(const Json& object, const std::string& key, std::string_view place) {
  std::vector<int32_t> ids;
  if (!is_present(object, key)) return ids;
  const Json& value = object[key];
  const Json list = value.is_array() ? value : Json::array({value});
  for (const Json& item : list) {
    if (!item.is_number_integer()) {
      fail_input(place, fmt::format("`{}`: expected a token id or a list of them, found {}", key, item.type_name()));
    }
    check_token_id(place, key.c_str(), item.get<int64_t>());
    ids.push_back(item.get<int32_t>());
  }
  return ids;
}

ModelConfig config_from_json(const Json& json, std::string_view place) {
  const std::string type = json_string(json, "model_type", place);
  if (type != "llama" && type != "smollm" && type != "mistral" && type != "qwen2" && type != "gpt_neox") {
    fail_input(place, fmt::format("`model_type`: `{}` is not supported; supported: {}", type, kFamilies));
  }
  ModelConfig config;
  config.model_type = type == "smollm" ? "llama" : type;
  refuse_unsupported(json, config, place);
  read_shape(json, config, place);
  if (!is_present(json, "head_dim") && config.hidden_size % config.num_heads != 0) {
    fail_input(place, fmt::format("`hidden_size`: {} does not divide by {} attention heads", config.hidden_size,
                                  config.num_heads));
  }
  const bool is_neox = config.is_neox();
  config.norm_eps = number_or(json, is_neox ? "layer_norm_eps" : "rms_norm_eps", is_neox ? 1e-5 : 1e-6, place);
  config.bos_token_id = first_token_id(json, "bos_token_id", place);
  config.eos_token_ids = token_ids_from_json(json, "eos_token_id", place);
  // Some published configs write -1 for "none".
  if (integer_or(json, "pad_token_id", -1, place) != -1)
    config.pad_token_id = first_token_id(json, "pad_token_id", place);
  read_rope(json, config, place);
  check_config(config, place);
  return config;
}

ModelConfig shape_from_json(const Json& json, std::string_view place) {
  for (const char* key : {"num_local_experts", "num_experts", "n_routed_experts"}) {
    if (is_present(json, key))
      fail_input(place, fmt::format("`{}`: the weights of a mixture of experts cannot be counted", key));
  }
  ModelConfig shape;
  shape.model_type = json_string(json, "model_type", place);
  read_shape(json, shape, place);
  check_config(shape, place);
  return shape;
}

namespace {

const char* architecture(const std::string& model_type) {
  if (model_type == "gpt_neox") return "GPTNeoXForCausalLM";
  if (model_type == "mistral") return "MistralForCausalLM";
  return model_type == "qwen2" ? "Qwen2ForCausalLM" : "LlamaForCausalLM";
}

void add_neox_keys(const ModelConfig& config, Json& json) {
  for (const char* key : {"rms_norm_eps", "rope_theta", "num_key_value_heads", "head_dim"}) json.erase(key);
  json["hidden_act"] = "gelu";
  json["layer_norm_eps"] = config.norm_eps;
  json["use_parallel_residual"] = config.parallel_residual;
  json["attention_bias"] = config.qkv_bias;
  json["rotary_pct"] = config.rotary_fraction;  // these two where transformers 4 looks
  json["rotary_emb_base"] = config.rope_theta;
}

Json rope_to_json(const ModelConfig& config) {
  const RotaryScaling& scaling = config.rope_scaling;
  if (config.rotary_fraction != 1)
    return {
        {"rope_type", "default"}, {"rope_theta", config.rope_theta}, {"partial_rotary_factor", config.rotary_fraction}};
  if (scaling.factor == 1) return {{"rope_type", "default"}, {"rope_theta", config.rope_theta}};
  return {{"rope_type", "llama3"},
          {"rope_theta", config.rope_theta},
          {"factor", scaling.factor},
          {"low_freq_factor", scaling.low_frequency_factor},
          {"high_freq_factor", scaling.high_frequency_factor},
          {"original_max_position_embeddings", scaling.original_positions}};
}

}  // namespace

Json config_to_json(const ModelConfig& config, DType dtype) {
  DORMOUSE_ASSERT(config.qkv_bias == config.attention_output_bias || config.model_type == "qwen2");
  Json json = {
      {"architectures", {architecture(config.model_type)}},
      {"model_type", config.model_type},
      {"hidden_act", config.hidden_act},
      {"hidden_size", config.hidden_size},
      {"intermediate_size", config.intermediate_size},
      {"num_hidden_layers", config.num_layers},
      {"num_attention_heads", config.num_heads},
      {"num_key_value_heads", config.num_kv_heads},
      {"head_dim", config.head_dim},
      {"vocab_size", config.vocab_size},
      {"max_position_embeddings", config.max_positions},
      {"rms_norm_eps", config.norm_eps},
      {"rope_theta", config.rope_theta},
      {"rope_parameters", rope_to_json(config)},
      {"tie_word_embeddings", config.tie_embeddings},
      {"attention_dropout", 0.0},
      {"initializer_range", 0.02},
      {"use_cache", true},
      {"dtype", torch_name_of(dtype)},
      {"torch_dtype", torch_name_of(dtype)},
      {"bos_token_id", nullptr},
      {"eos_token_id", nullptr},
      {"pad_token_id", nullptr},
  };
  if (config.rope_scaling.factor != 1) json["rope_scaling"] = rope_to_json(config);  // where transformers 4 looks
  if (config.is_neox()) {
    add_neox_keys(config, json);
  } else if (config.model_type == "llama") {
    json["attention_bias"] = config.qkv_bias;
    json["mlp_bias"] = config.mlp_bias;
  } else {
    json["sliding_window"] = nullptr;
  }
  if (config.bos_token_id >= 0) json["bos_token_id"] = config.bos_token_id;
  if (config.pad_token_id >= 0) json["pad_token_id"] = config.pad_token_id;
  if (config.eos_token_ids.size() == 1) json["eos_token_id"] = config.eos_token_ids[0];
  if (config.eos_token_ids.size() > 1) json["eos_token_id"] = config.eos_token_ids;
  return json;
}

}  // namespace dormouse::weights
