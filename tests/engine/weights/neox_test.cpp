#include "engine/weights/neox.h"

#include <gtest/gtest.h>

#include "engine/weights/expect_error.h"
#include "engine/weights/tiny_model.h"

namespace dormouse::weights {
namespace {

// Two heads of eight elements, of which the first four turn.
ModelConfig config() {
  ModelConfig config;
  config.model_type = "gpt_neox";
  config.hidden_size = 16;
  config.intermediate_size = 20;
  config.num_layers = 1;
  config.num_heads = config.num_kv_heads = 2;
  config.head_dim = 8;
  config.vocab_size = 6;
  config.max_positions = 64;
  config.qkv_bias = config.attention_output_bias = config.mlp_bias = true;
  config.gated_mlp = false;
  config.centred_norm = config.parallel_residual = true;
  config.rotary_fraction = 0.5;
  return config;
}

class Stored final : public TensorSource {
 public:
  explicit Stored(std::map<std::string, NamedTensor> tensors) : tensors_(std::move(tensors)) {}
  std::vector<TensorInfo> tensors() const override {
    std::vector<TensorInfo> list;
    for (const auto& [name, tensor] : tensors_) list.push_back({name, tensor.shape, tensor.dtype, "F32"});
    return list;
  }
  void read_f32(const std::string& name, std::span<float> out) const override {
    to_f32(DType::kF32, tensors_.at(name).bytes, out);
  }

 private:
  std::map<std::string, NamedTensor> tensors_;
};

TEST(Neox, WritingAndReadingGiveTheSame) {
  const auto all = tiny::values(config());
  std::vector<std::vector<std::byte>> storage;
  const auto hub = neox_tensors(config(), tiny::tensors(all, config()), storage);
  EXPECT_EQ(hub.at("gpt_neox.layers.0.attention.query_key_value.weight").shape, (std::vector<int64_t>{48, 16}));
  EXPECT_EQ(hub.at("gpt_neox.layers.0.mlp.dense_h_to_4h.bias").shape, std::vector<int64_t>{20});
  const NeoxTensors read(std::make_shared<Stored>(hub), config());
  EXPECT_NO_THROW(check_tensors(config(), read, "f"));
  for (const auto& [name, expected] : all) {
    std::vector<float> out(expected.size());
    read.read_f32(name, out);
    EXPECT_EQ(out, expected) << name;
  }
}

// The hub's head is q, k, v, and of the eight elements of q the first four turn in pairs (0, 2) and (1, 3).
TEST(Neox, PairsThatTurnStandHalfAHeadApart) {
  std::vector<float> fused(48);
  std::iota(fused.begin(), fused.end(), 0.0f);
  const std::string name = "gpt_neox.layers.0.attention.query_key_value.bias";
  const NamedTensor stored{{48}, DType::kF32, std::as_bytes(std::span<const float>(fused))};
  const NeoxTensors read(std::make_shared<Stored>(std::map<std::string, NamedTensor>{{name, stored}}), config());
  std::vector<float> q(16), v(16);
  read.read_f32("model.layers.0.self_attn.q_proj.bias", q);
  read.read_f32("model.layers.0.self_attn.v_proj.bias", v);
  EXPECT_EQ(q, (std::vector<float>{0, 1, 4, 5, 2, 3, 6, 7, 24, 25, 28, 29, 26, 27, 30, 31}));
  EXPECT_EQ(v, (std::vector<float>{16, 17, 18, 19, 20, 21, 22, 23, 40, 41, 42, 43, 44, 45, 46, 47}));
}

TEST(Neox, BuffersOfOldCheckpointsAreNoTensorsAndOthersAreFaults) {
  const auto all = tiny::values(config());
  std::vector<std::vector<std::byte>> storage;
  auto hub = neox_tensors(config(), tiny::tensors(all, config()), storage);
  for (const char* rest : {"bias", "masked_bias", "rotary_emb.inv_freq"})
    hub[std::string("gpt_neox.layers.0.attention.") + rest] = {{0}, DType::kF32, {}};
  EXPECT_NO_THROW(check_tensors(config(), NeoxTensors(std::make_shared<Stored>(hub), config()), "f"));
  auto more = hub;
  more["gpt_neox.layers.1.attention.dense.weight"] = {{0}, DType::kF32, {}};
  EXPECT_INPUT_ERROR(check_tensors(config(), NeoxTensors(std::make_shared<Stored>(more), config()), "f"),
                     "unexpected gpt_neox.layers.1");
  hub["gpt_neox.layers.0.attention.query_key_value.weight"].shape = {47, 16};
  EXPECT_INPUT_ERROR(check_tensors(config(), NeoxTensors(std::make_shared<Stored>(hub), config()), "f"), "[47, 16]");
}

}  // namespace
}  // namespace dormouse::weights
