#include "engine/weights/neox.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "core/base/error.h"

namespace dormouse::weights {

namespace {

constexpr std::string_view kLayers = "model.layers.", kHubLayers = "gpt_neox.layers.";

constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kGlobalModules = {
    {{"model.embed_tokens", "gpt_neox.embed_in"},
     {"model.norm", "gpt_neox.final_layer_norm"},
     {"lm_head", "embed_out"}}};

constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kLayerModules = {
    {{"input_layernorm", "input_layernorm"},
     {"post_attention_layernorm", "post_attention_layernorm"},
     {"self_attn.q_proj", "attention.query_key_value"},
     {"self_attn.k_proj", "attention.query_key_value"},
     {"self_attn.v_proj", "attention.query_key_value"},
     {"self_attn.o_proj", "attention.dense"},
     {"mlp.up_proj", "mlp.dense_h_to_4h"},
     {"mlp.down_proj", "mlp.dense_4h_to_h"}}};

// "model.layers.3.mlp.up_proj.bias" -> "gpt_neox.layers.3.mlp.dense_h_to_4h.bias".
std::string neox_name(const std::string& name) {
  const std::size_t dot = name.rfind('.');
  const std::string module = name.substr(0, dot), suffix = name.substr(dot);
  for (const auto& [ours, theirs] : kGlobalModules) {
    if (module == ours) return std::string(theirs) + suffix;
  }
  DORMOUSE_ASSERT(module.starts_with(kLayers));
  const std::size_t rest = module.find('.', kLayers.size()) + 1;
  for (const auto& [ours, theirs] : kLayerModules) {
    if (module.substr(rest) == ours)
      return fmt::format("{}{}{}{}", kHubLayers, module.substr(kLayers.size(), rest - kLayers.size()), theirs, suffix);
  }
  DORMOUSE_ASSERT(false);
}

// 0, 1, 2 for q, k and v; nothing for another tensor.
std::optional<int64_t> part_of_fused(const std::string& name) {
  constexpr std::array<std::string_view, 3> kParts = {".q_proj.", ".k_proj.", ".v_proj."};
  for (std::size_t i = 0; i < kParts.size(); ++i) {
    if (name.find(kParts[i]) != std::string::npos) return static_cast<int64_t>(i);
  }
  return std::nullopt;
}

// Where the hub has element `i` of a head of q or k: the first 2 r elements turn, i with i + r, and the others stay.
int64_t hub_element(const ModelConfig& config, int64_t i) {
  const int64_t half = config.head_dim / 2, turning = config.rotary_dim() / 2;
  const int64_t within = i % half, upper = i / half;
  return within < turning ? within + upper * turning : turning + within + upper * (half - turning);
}

// Row of the fused matrix: [head][q, k, v][element].
int64_t fused_row(const ModelConfig& config, int64_t part, int64_t row) {
  const int64_t size = config.head_dim, head = row / size, element = row % size;
  return (3 * head + part) * size + (part == 2 ? element : hub_element(config, element));
}

// Buffers that older checkpoints carry.
bool is_buffer(const std::string& name) {
  return name.ends_with(".attention.bias") || name.ends_with(".attention.masked_bias") ||
         name.ends_with(".attention.rotary_emb.inv_freq");
}

}  // namespace

NeoxTensors::NeoxTensors(std::shared_ptr<const TensorSource> hub, const ModelConfig& config)
    : hub_(std::move(hub)), config_(config) {
  for (TensorInfo& info : hub_->tensors()) stored_.emplace(info.name, std::move(info));
}

std::vector<TensorInfo> NeoxTensors::tensors() const {
  std::vector<TensorInfo> list;
  std::set<std::string> used;
  for (const auto& expected : expected_tensors(config_)) {
    const auto found = stored_.find(neox_name(expected.name));
    if (found == stored_.end()) continue;
    used.insert(found->first);
    TensorInfo info = found->second;
    info.name = expected.name;
    const bool is_whole = !info.shape.empty() && info.shape[0] == 3 * config_.num_heads * config_.head_dim;
    if (part_of_fused(expected.name) && is_whole) info.shape[0] /= 3;
    list.push_back(std::move(info));
  }
  for (const auto& [name, info] : stored_) {
    if (!used.contains(name) && !is_buffer(name)) list.push_back(info);
  }
  return list;
}

void NeoxTensors::read_f32(const std::string& name, std::span<float> out) const {
  const auto part = part_of_fused(name);
  if (!part) return hub_->read_f32(neox_name(name), out);
  std::vector<float> fused(3 * out.size());
  hub_->read_f32(neox_name(name), fused);
  const int64_t rows = config_.num_heads * config_.head_dim;
  const std::size_t width = out.size() / static_cast<std::size_t>(rows);
  for (int64_t row = 0; row < rows; ++row) {
    const auto from = fused.begin() + fused_row(config_, *part, row) * static_cast<int64_t>(width);
    std::copy_n(from, width, out.begin() + row * static_cast<int64_t>(width));
  }
}

std::map<std::string, NamedTensor> neox_tensors(const ModelConfig& config,
                                                const std::map<std::string, NamedTensor>& tensors,
                                                std::vector<std::vector<std::byte>>& storage) {
  std::map<std::string, NamedTensor> hub;
  std::map<std::string, std::byte*> fused;  // by the hub's name
  for (const auto& [name, tensor] : tensors) {
    const std::string to = neox_name(name);
    const auto part = part_of_fused(name);
    if (!part) {
      hub[to] = tensor;
      continue;
    }
    const int64_t rows = tensor.shape[0];
    const std::size_t row_bytes = tensor.bytes.size() / static_cast<std::size_t>(rows);
    if (!fused.contains(to)) {
      fused[to] = storage.emplace_back(3 * tensor.bytes.size()).data();
      hub[to] = {tensor.shape, tensor.dtype, storage.back()};
      hub[to].shape[0] = 3 * rows;
    }
    for (int64_t row = 0; row < rows; ++row) {
      std::memcpy(fused[to] + static_cast<std::size_t>(fused_row(config, *part, row)) * row_bytes,
                  tensor.bytes.data() + static_cast<std::size_t>(row) * row_bytes, row_bytes);
    }
  }
  return hub;
}

}  // namespace dormouse::weights
