#include "engine/weights/tensor_source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

#include "core/base/error.h"

namespace dormouse::weights {

namespace {

constexpr std::size_t kMaxListed = 40;  // a wrong folder can miss thousands

void add_linear(std::vector<NamedShape>& list, const std::string& name, int64_t out, int64_t in, bool bias) {
  list.push_back({name + ".weight", {out, in}});
  if (bias) list.push_back({name + ".bias", {out}});
}

void add_norm(std::vector<NamedShape>& list, const std::string& name, const ModelConfig& config) {
  list.push_back({name + ".weight", {config.hidden_size}});
  if (config.centred_norm) list.push_back({name + ".bias", {config.hidden_size}});
}

bool is_ignored(const ModelConfig& config, const TensorInfo& tensor) {
  if (tensor.name.ends_with(".rotary_emb.inv_freq")) return true;
  return config.tie_embeddings && tensor.name == "lm_head.weight" &&
         tensor.shape == std::vector<int64_t>{config.vocab_size, config.hidden_size};
}

}  // namespace

int64_t TensorInfo::elements() const {
  int64_t product = 1;
  for (const int64_t dim : shape) product *= dim;
  return product;
}

std::string shape_text(const std::vector<int64_t>& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

std::vector<NamedShape> expected_tensors(const ModelConfig& config) {
  const int64_t hidden = config.hidden_size;
  const int64_t q = config.num_heads * config.head_dim, kv = config.num_kv_heads * config.head_dim;
  std::vector<NamedShape> list;
  list.push_back({"model.embed_tokens.weight", {config.vocab_size, hidden}});
  for (int64_t i = 0; i < config.num_layers; ++i) {
    const std::string layer = fmt::format("model.layers.{}.", i);
    add_norm(list, layer + "input_layernorm", config);
    add_linear(list, layer + "self_attn.q_proj", q, hidden, config.qkv_bias);
    add_linear(list, layer + "self_attn.k_proj", kv, hidden, config.qkv_bias);
    add_linear(list, layer + "self_attn.v_proj", kv, hidden, config.qkv_bias);
    add_linear(list, layer + "self_attn.o_proj", hidden, q, config.attention_output_bias);
    add_norm(list, layer + "post_attention_layernorm", config);
    if (config.gated_mlp) add_linear(list, layer + "mlp.gate_proj", config.intermediate_size, hidden, config.mlp_bias);
    add_linear(list, layer + "mlp.up_proj", config.intermediate_size, hidden, config.mlp_bias);
    add_linear(list, layer + "mlp.down_proj", hidden, config.intermediate_size, config.mlp_bias);
  }
  add_norm(list, "model.norm", config);
  if (!config.tie_embeddings) list.push_back({"lm_head.weight", {config.vocab_size, hidden}});
  return list;
}

void check_tensors(const ModelConfig& config, const TensorSource& source, const std::string& place) {
  std::map<std::string, TensorInfo> found;
  for (TensorInfo& tensor : source.tensors()) found.emplace(tensor.name, std::move(tensor));

  std::vector<std::string> faults;
  for (const NamedShape& expected : expected_tensors(config)) {
    const auto at = found.find(expected.name);
    if (at == found.end()) {
      faults.push_back(fmt::format("missing {} {}", expected.name, shape_text(expected.shape)));
      continue;
    }
    if (at->second.shape != expected.shape) {
      faults.push_back(fmt::format("{} has shape {}, expected {}", expected.name, shape_text(at->second.shape),
                                   shape_text(expected.shape)));
    }
    found.erase(at);
  }
  for (const auto& [name, tensor] : found) {
    if (!is_ignored(config, tensor)) faults.push_back(fmt::format("unexpected {} {}", name, shape_text(tensor.shape)));
  }
  if (faults.empty()) return;

  const std::size_t count = faults.size();
  if (count > kMaxListed) {
    faults.resize(kMaxListed);
    faults.push_back(fmt::format("... and {} more", count - kMaxListed));
  }
  fail_input(place,
             fmt::format("the tensors do not fit the config ({} faults):\n    {}", count, fmt::join(faults, "\n    ")),
             "check that config and weights belong together");
}

}  // namespace dormouse::weights
