// A complete model of a few hundred bytes, as tensors, as a GGUF and as a folder of the hub; and a GGUF
// writer that can also write what no honest program would.
#pragma once

#include <cstring>
#include <map>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/files.h"
#include "engine/weights/safetensors.h"
#include "engine/weights/tensor_source.h"

namespace dormouse::weights::tiny {

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

inline std::span<const std::byte> bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

inline void put_string(std::string& out, const std::string& text) {
  put<uint64_t>(out, text.size());
  out += text;
}

class GgufWriter {
 public:
  uint32_t version = 3;
  uint64_t alignment = 32;
  std::optional<uint64_t> said_tensors, said_pairs;  // what the head says instead of the truth

  void pair(const std::string& key, uint32_t type, const std::string& value_bytes) {
    put_string(pairs_, key);
    put<uint32_t>(pairs_, type);
    pairs_ += value_bytes;
    ++pair_count_;
  }
  void u32(const std::string& key, uint32_t value) { number(key, 4, value); }
  void f32(const std::string& key, float value) { number(key, 6, value); }
  void text(const std::string& key, const std::string& value) {
    std::string bytes;
    put_string(bytes, value);
    pair(key, 8, bytes);
  }
  void texts(const std::string& key, const std::vector<std::string>& values) {
    std::string bytes;
    put<uint32_t>(bytes, 8);
    put<uint64_t>(bytes, values.size());
    for (const auto& value : values) put_string(bytes, value);
    pair(key, 9, bytes);
  }
  void ints(const std::string& key, const std::vector<int32_t>& values) {
    std::string bytes;
    put<uint32_t>(bytes, 5);
    put<uint64_t>(bytes, values.size());
    for (const int32_t value : values) put(bytes, value);
    pair(key, 9, bytes);
  }

  /// `dims` as in the file: fastest first. `offset` replaces the true one.
  void tensor(const std::string& name, const std::vector<uint64_t>& dims, uint32_t type, const std::string& data,
              std::optional<uint64_t> offset = std::nullopt) {
    data_.resize((data_.size() + alignment - 1) / alignment * alignment, '\0');
    put_string(table_, name);
    put<uint32_t>(table_, static_cast<uint32_t>(dims.size()));
    for (const uint64_t dim : dims) put(table_, dim);
    put<uint32_t>(table_, type);
    put<uint64_t>(table_, offset.value_or(data_.size()));
    data_ += data;
    ++tensor_count_;
  }

  std::string build() const {
    std::string out = "GGUF";
    put(out, version);
    put<uint64_t>(out, said_tensors.value_or(tensor_count_));
    put<uint64_t>(out, said_pairs.value_or(pair_count_));
    out += pairs_ + table_;
    out.resize((out.size() + alignment - 1) / alignment * alignment, '\0');
    return out + data_;
  }

 private:
  std::string pairs_, table_, data_;
  uint64_t pair_count_ = 0, tensor_count_ = 0;

  template <class T>
  void number(const std::string& key, uint32_t type, T value) {
    std::string bytes;
    put(bytes, value);
    pair(key, type, bytes);
  }
};

/// hidden 8, two heads of 4 sharing one key-value head, one layer, six tokens, tied embeddings.
inline ModelConfig config() {
  ModelConfig config;
  config.hidden_size = 8;
  config.intermediate_size = 12;
  config.num_layers = 1;
  config.num_heads = 2;
  config.num_kv_heads = 1;
  config.head_dim = 4;
  config.vocab_size = 6;
  config.max_positions = 64;
  config.rope_theta = 10000;
  config.norm_eps = 1e-5;
  config.tie_embeddings = true;
  config.bos_token_id = 0;
  config.eos_token_ids = {1};
  config.pad_token_id = 1;
  return config;
}

/// Values 0, 1, 2, ... counted on through all tensors, in the hub's order.
inline std::map<std::string, std::vector<float>> values(const ModelConfig& model = config()) {
  std::map<std::string, std::vector<float>> all;
  float next = 0;
  for (const NamedShape& tensor : expected_tensors(model)) {
    std::size_t count = 1;
    for (const int64_t dim : tensor.shape) count *= static_cast<std::size_t>(dim);
    std::vector<float>& list = all[tensor.name];
    list.resize(count);
    std::iota(list.begin(), list.end(), next);
    next += static_cast<float>(count);
  }
  return all;
}

/// Views of `values`, which must outlive them.
inline std::map<std::string, NamedTensor> tensors(const std::map<std::string, std::vector<float>>& values,
                                                  const ModelConfig& model = config()) {
  std::map<std::string, NamedTensor> named;
  for (const NamedShape& tensor : expected_tensors(model)) {
    named[tensor.name] = {tensor.shape, DType::kF32, std::as_bytes(std::span<const float>(values.at(tensor.name)))};
  }
  return named;
}

/// What the converter to GGUF does to q and k: row s * half + j of a head goes to row 2 j + s.
inline std::vector<float> interleaved(const std::vector<float>& rows, std::size_t head_dim, std::size_t width) {
  std::vector<float> out(rows.size());
  for (std::size_t row = 0; row < rows.size() / width; ++row) {
    const std::size_t head = row / head_dim, s = row % head_dim / (head_dim / 2), j = row % (head_dim / 2);
    const std::size_t to = head * head_dim + 2 * j + s;
    std::memcpy(&out[to * width], &rows[row * width], width * sizeof(float));
  }
  return out;
}

/// The tensors take this many bytes at the end of the GGUF below.
constexpr std::size_t kDataBytes = 552 * sizeof(float);

/// `skip` leaves one metadata key or one tensor away.
inline GgufWriter gguf(const std::string& skip = {}) {
  GgufWriter writer;
  const auto u32 = [&](const char* key, uint32_t value) {
    if (skip != key) writer.u32(key, value);
  };
  writer.text("general.architecture", "llama");
  u32("llama.embedding_length", 8);
  u32("llama.feed_forward_length", 12);
  u32("llama.block_count", 1);
  u32("llama.attention.head_count", 2);
  u32("llama.attention.head_count_kv", 1);
  u32("llama.context_length", 64);
  u32("tokenizer.ggml.bos_token_id", 0);
  u32("tokenizer.ggml.eos_token_id", 1);
  u32("tokenizer.ggml.padding_token_id", 1);
  writer.f32("llama.attention.layer_norm_rms_epsilon", 1e-5f);
  writer.text("tokenizer.ggml.model", "gpt2");
  writer.text("tokenizer.ggml.pre", "smollm");
  writer.texts("tokenizer.ggml.tokens", {"<s>", "</s>", "a", "b", "c", "ab"});
  writer.ints("tokenizer.ggml.token_type", {3, 3, 1, 1, 1, 1});
  writer.texts("tokenizer.ggml.merges", {"a b"});
  writer.text("tokenizer.chat_template", "{% for m in messages %}{{ m['content'] }}</s>{% endfor %}");
  static const std::vector<std::pair<std::string, std::string>> kNames = {
      {"model.embed_tokens.weight", "token_embd.weight"},
      {"model.norm.weight", "output_norm.weight"},
      {"model.layers.0.input_layernorm.weight", "blk.0.attn_norm.weight"},
      {"model.layers.0.self_attn.q_proj.weight", "blk.0.attn_q.weight"},
      {"model.layers.0.self_attn.k_proj.weight", "blk.0.attn_k.weight"},
      {"model.layers.0.self_attn.v_proj.weight", "blk.0.attn_v.weight"},
      {"model.layers.0.self_attn.o_proj.weight", "blk.0.attn_output.weight"},
      {"model.layers.0.post_attention_layernorm.weight", "blk.0.ffn_norm.weight"},
      {"model.layers.0.mlp.gate_proj.weight", "blk.0.ffn_gate.weight"},
      {"model.layers.0.mlp.up_proj.weight", "blk.0.ffn_up.weight"},
      {"model.layers.0.mlp.down_proj.weight", "blk.0.ffn_down.weight"}};
  const auto all = values();
  for (const auto& [hub, name] : kNames) {
    const NamedTensor tensor = tensors(all).at(hub);
    std::vector<float> rows = all.at(hub);
    const bool is_permuted = hub.find("q_proj") != std::string::npos || hub.find("k_proj") != std::string::npos;
    if (is_permuted) rows = interleaved(rows, 4, 8);
    const std::vector<uint64_t> dims(tensor.shape.rbegin(), tensor.shape.rend());
    if (skip != name) writer.tensor(name, dims, 0, {reinterpret_cast<const char*>(rows.data()), rows.size() * 4});
  }
  return writer;
}

}  // namespace dormouse::weights::tiny
