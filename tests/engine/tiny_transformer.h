// A random transformer small enough for unit tests, made without any file.
#pragma once

#include <cmath>
#include <map>

#include "core/base/random.h"
#include "engine/nn/transformer.h"

namespace dormouse::tiny {

inline weights::ModelConfig config() {
  weights::ModelConfig config;
  config.hidden_size = 24;
  config.intermediate_size = 40;
  config.num_layers = 2;
  config.num_heads = 6;
  config.num_kv_heads = 2;
  config.head_dim = 8;
  config.vocab_size = 50;
  config.max_positions = 700;
  config.rope_theta = 10000;
  config.norm_eps = 1e-5;
  config.tie_embeddings = true;
  return config;
}

class RandomSource : public weights::TensorSource {
 public:
  explicit RandomSource(const weights::ModelConfig& config) : expected_(weights::expected_tensors(config)) {}

  std::vector<weights::TensorInfo> tensors() const override {
    std::vector<weights::TensorInfo> all;
    for (const auto& [name, shape] : expected_) all.push_back({name, shape, weights::DType::kF32, "F32"});
    return all;
  }
  void read_f32(const std::string& name, std::span<float> out) const override {
    RandomStream random(1, name);
    const bool norm = name.find("norm") != std::string::npos;
    for (float& value : out) value = static_cast<float>(norm ? 1 + 0.1 * random.normal() : 0.2 * random.normal());
  }

 private:
  std::vector<weights::NamedShape> expected_;
};

inline nn::Transformer transformer() { return nn::Transformer(config(), RandomSource(config()), "tiny"); }

}  // namespace dormouse::tiny
