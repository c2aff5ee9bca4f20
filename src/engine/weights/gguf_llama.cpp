#include "engine/weights/gguf_llama.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <utility>

#include "core/base/error.h"

namespace dormouse::weights {

namespace {

using Renames = std::vector<std::pair<std::string, std::string>>;

const Renames& global_names() {
  static const Renames kNames = {
      {"token_embd", "model.embed_tokens"}, {"output_norm", "model.norm"}, {"output", "lm_head"}};
  return kNames;
}

const Renames& layer_names() {
  static const Renames kNames = {
      {"attn_norm", "input_layernorm"}, {"attn_q", "self_attn.q_proj"},      {"attn_k", "self_attn.k_proj"},
      {"attn_v", "self_attn.v_proj"},   {"attn_output", "self_attn.o_proj"}, {"ffn_norm", "post_attention_layernorm"},
      {"ffn_gate", "mlp.gate_proj"},    {"ffn_up", "mlp.up_proj"},           {"ffn_down", "mlp.down_proj"},
  };
  return kNames;
}

std::string renamed(const Renames& names, const std::string& name) {
  for (const auto& [from, to] : names) {
    if (name == from) return to;
  }
  return {};
}

// Floats are stored in 32 bits: 1e-5 would read as 9.999999747378752e-06. The shortest decimal that gives the
// same float is the number that was meant.
double as_meant(double value) {
  const auto narrow = static_cast<float>(value);
  if (static_cast<double>(narrow) != value) return value;
  return std::strtod(fmt::format("{}", narrow).c_str(), nullptr);
}

const GgufTensor* find_tensor(const Gguf& gguf, const std::string& name) {
  for (const GgufTensor& tensor : gguf.tensors()) {
    if (tensor.name == name) return &tensor;
  }
  return nullptr;
}

int32_t token_id(const Gguf& gguf, const std::string& key) {
  const int64_t id = gguf.integer(key, -1);
  // Absent ids are sometimes written as 2^32 - 1.
  return id >= 0 && id < (1 << 30) ? static_cast<int32_t>(id) : -1;
}

void refuse_unsupported(const Gguf& gguf) {
  const std::string family = gguf.string("general.architecture");
  if (family != "llama" && family != "qwen2") {
    fail_input(gguf.place(), fmt::format("architecture `{}` is not supported; supported: llama, qwen2", family));
  }
  const std::string scaling = gguf.string(family + ".rope.scaling.type", "none");
  const double factor = gguf.number(family + ".rope.scaling.factor", 1);
  if (scaling != "none" || (factor != 1 && factor != 0) || find_tensor(gguf, "rope_freqs.weight") != nullptr) {
    fail_input(gguf.place(), "scaled rotary embeddings are not supported");
  }
  if (gguf.integer(family + ".expert_count", 0) != 0) fail_input(gguf.place(), "mixtures of experts are not supported");
}

void read_head_dim(const Gguf& gguf, ModelConfig& config) {
  const std::string& place = gguf.place();
  if (config.num_heads < 1) fail_input(place, fmt::format("says it has {} attention heads", config.num_heads));
  config.head_dim = gguf.integer(config.model_type + ".attention.key_length", config.hidden_size / config.num_heads);
  for (const char* rest : {".attention.value_length", ".rope.dimension_count"}) {
    const std::string key = config.model_type + rest;
    const int64_t other = gguf.integer(key, config.head_dim);
    if (other != config.head_dim) {
      fail_input(place,
                 fmt::format("`{}` is {}, but heads have {} dimensions: not supported", key, other, config.head_dim));
    }
  }
}

// Row 2 j + s of a head in the file is row s * half + j at the hub.
std::size_t hub_row(std::size_t row, std::size_t head_dim) {
  const std::size_t head = row / head_dim, within = row % head_dim;
  return head * head_dim + within % 2 * (head_dim / 2) + within / 2;
}

}  // namespace

ModelConfig config_from_gguf(const Gguf& gguf) {
  refuse_unsupported(gguf);
  ModelConfig config;
  config.model_type = gguf.string("general.architecture");
  const std::string family = config.model_type + ".";
  config.hidden_size = gguf.integer(family + "embedding_length");
  config.intermediate_size = gguf.integer(family + "feed_forward_length");
  config.num_layers = gguf.integer(family + "block_count");
  config.num_heads = gguf.integer(family + "attention.head_count");
  config.num_kv_heads = gguf.integer(family + "attention.head_count_kv", config.num_heads);
  config.max_positions = gguf.integer(family + "context_length");
  config.rope_theta = as_meant(gguf.number(family + "rope.freq_base", 10000));
  config.norm_eps = as_meant(gguf.number(family + "attention.layer_norm_rms_epsilon"));
  read_head_dim(gguf, config);

  const GgufTensor* embedding = find_tensor(gguf, "token_embd.weight");
  if (embedding == nullptr) fail_input(gguf.place(), "has no tensor `token_embd.weight`");
  config.vocab_size = embedding->shape.front();
  config.tie_embeddings = find_tensor(gguf, "output.weight") == nullptr;
  config.qkv_bias = find_tensor(gguf, "blk.0.attn_q.bias") != nullptr;
  config.attention_output_bias = config.qkv_bias && config.model_type == "llama";
  config.mlp_bias = find_tensor(gguf, "blk.0.ffn_gate.bias") != nullptr;

  config.bos_token_id = token_id(gguf, "tokenizer.ggml.bos_token_id");
  config.pad_token_id = token_id(gguf, "tokenizer.ggml.padding_token_id");
  for (const char* key : {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id"}) {
    const int32_t id = token_id(gguf, key);
    if (id >= 0 && (config.eos_token_ids.empty() || config.eos_token_ids[0] != id)) config.eos_token_ids.push_back(id);
  }
  check_config(config, gguf.place());
  return config;
}

std::string hub_name(const std::string& gguf_name) {
  const std::size_t dot = gguf_name.rfind('.');
  if (dot == std::string::npos) return gguf_name;
  const std::string suffix = gguf_name.substr(dot);
  if (suffix != ".weight" && suffix != ".bias") return gguf_name;
  const std::string stem = gguf_name.substr(0, dot);
  if (!stem.starts_with("blk.")) {
    const std::string to = renamed(global_names(), stem);
    return to.empty() ? gguf_name : to + suffix;
  }
  int layer = 0;
  const char* end = stem.data() + stem.size();
  const auto [at, code] = std::from_chars(stem.data() + 4, end, layer);
  if (code != std::errc() || at == end || *at != '.') return gguf_name;
  const std::string to = renamed(layer_names(), std::string(at + 1, end));
  return to.empty() ? gguf_name : fmt::format("model.layers.{}.{}{}", layer, to, suffix);
}

GgufTensors::GgufTensors(Gguf gguf, const ModelConfig& config, std::shared_ptr<const MappedFile> file)
    : file_(std::move(file)), place_(gguf.place()) {
  for (const GgufTensor& tensor : gguf.tensors()) {
    const std::string name = hub_name(tensor.name);
    const bool is_q = name.find(".self_attn.q_proj.") != std::string::npos;
    const bool is_k = name.find(".self_attn.k_proj.") != std::string::npos;
    const bool is_permuted = config.model_type == "llama" && (is_q || is_k);
    const Entry entry{tensor, !is_permuted ? 0 : is_q ? config.num_heads : config.num_kv_heads};
    // "blk.01.x" and "blk.1.x" differ in the file and not here.
    if (!entries_.emplace(name, entry).second) fail_input(place_, fmt::format("has two tensors for `{}`", name));
    order_.push_back(name);
  }
  check_tensors(config, *this, place_);
}

std::vector<TensorInfo> GgufTensors::tensors() const {
  std::vector<TensorInfo> list;
  list.reserve(order_.size());
  for (const std::string& name : order_) {
    const GgufTensor& tensor = entries_.at(name).tensor;
    const std::string type = tensor.type->name;
    list.push_back({name, tensor.shape, dtype_from_name(type).value_or(DType::kF32), type});
  }
  return list;
}

void GgufTensors::read_f32(const std::string& name, std::span<float> out) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) fail_input(place_, unknown_name("tensor", name, order_));
  const GgufTensor& tensor = found->second.tensor;
  DORMOUSE_ASSERT(static_cast<int64_t>(out.size()) == tensor.elements());
  if (found->second.heads == 0) return dequantise(*tensor.type, tensor.bytes, out);

  // A quantised vector has no rows of whole blocks, so it is put in order after it is read.
  const auto heads = static_cast<std::size_t>(found->second.heads);
  const auto rows = static_cast<std::size_t>(tensor.shape[0]);
  if (tensor.shape.size() == 1) {
    std::vector<float> values(rows);
    dequantise(*tensor.type, tensor.bytes, values);
    for (std::size_t row = 0; row < rows; ++row) out[hub_row(row, rows / heads)] = values[row];
    return;
  }
  const std::size_t width = out.size() / rows, row_bytes = tensor.bytes.size() / rows;
  for (std::size_t row = 0; row < rows; ++row) {
    dequantise(*tensor.type, tensor.bytes.subspan(row * row_bytes, row_bytes),
               out.subspan(hub_row(row, rows / heads) * width, width));
  }
}

}  // namespace dormouse::weights
