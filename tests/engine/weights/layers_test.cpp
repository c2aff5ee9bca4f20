#include "engine/weights/layers.h"

#include <gtest/gtest.h>

#include "engine/weights/temporary_folder.h"
#include "engine/weights/tiny_model.h"

namespace dormouse::weights {
namespace {

std::vector<float> read(const ModelFiles& model, const std::string& name) {
  for (const auto& tensor : model.tensors().tensors()) {
    if (tensor.name != name) continue;
    std::vector<float> values(static_cast<std::size_t>(tensor.elements()));
    model.tensors().read_f32(name, values);
    return values;
  }
  return {};
}

class Layers : public testing::Test {
 protected:
  void SetUp() override { write_file(temporary_.path() / "tiny.gguf", tiny::gguf().build()); }

  // The tiny model with four layers, which differ; small whole numbers, which bf16 holds exactly.
  ModelFiles four(DType dtype) {
    const auto like = ModelFiles::open((temporary_.path() / "tiny.gguf").string());
    ModelConfig config = like.config();
    config.num_layers = 4;
    std::map<std::string, std::vector<float>> values;
    std::map<std::string, std::vector<uint16_t>> halves;
    std::map<std::string, NamedTensor> tensors;
    float next = 0;
    for (const auto& [name, shape] : expected_tensors(config)) {
      const auto count = static_cast<std::size_t>(TensorInfo{name, shape, DType::kF32, ""}.elements());
      values[name].assign(count, next++);
      for (const float value : values[name]) halves[name].push_back(bf16_from_f32(value));
      const bool f32 = dtype == DType::kF32;
      tensors[name] = {shape, dtype,
                       f32 ? std::as_bytes(std::span<const float>(values[name]))
                           : std::as_bytes(std::span<const uint16_t>(halves[name]))};
    }
    const fs::path folder = temporary_.path() / ("four-" + name_of(dtype));
    save_model_folder(folder, like, config, tensors);
    return ModelFiles::open(folder.string());
  }

  ModelFiles kept(const ModelFiles& model, const std::vector<int64_t>& layers) {
    const fs::path folder = temporary_.path() / "kept";
    fs::remove_all(folder);
    save_with_layers(folder, model, layers);
    return ModelFiles::open(folder.string());
  }

  TemporaryFolder temporary_;
};

TEST_F(Layers, AreSpacedEvenlyWithBothEnds) {
  EXPECT_EQ(evenly_spaced_layers(4, 4), (std::vector<int64_t>{0, 1, 2, 3}));
  EXPECT_EQ(evenly_spaced_layers(30, 2), (std::vector<int64_t>{0, 29}));
  EXPECT_EQ(evenly_spaced_layers(30, 10), (std::vector<int64_t>{0, 3, 6, 10, 13, 16, 19, 23, 26, 29}));
  for (int64_t count = 2; count <= 30; ++count) {
    const auto layers = evenly_spaced_layers(30, count);
    EXPECT_EQ(static_cast<int64_t>(layers.size()), count);
    for (std::size_t i = 1; i < layers.size(); ++i) EXPECT_LT(layers[i - 1], layers[i]);
  }
}

TEST_F(Layers, AllOfThemMakeTheSameModel) {
  for (const DType dtype : {DType::kF32, DType::kBF16}) {
    const ModelFiles model = four(dtype), same = kept(model, {0, 1, 2, 3});
    EXPECT_EQ(same.config(), model.config());
    EXPECT_EQ(same.sha256(), model.sha256());
    EXPECT_EQ(same.chat_template(), model.chat_template());
  }
}

TEST_F(Layers, KeepTheirWeightsUnderNewNumbers) {
  const ModelFiles model = four(DType::kF32), smaller = kept(model, {0, 2, 3});
  EXPECT_EQ(smaller.config().num_layers, 3);
  EXPECT_EQ(parse_json(read_file(smaller.path() / "config.json"), "config")["num_hidden_layers"], 3);
  for (const char* rest : {"mlp.down_proj.weight", "input_layernorm.weight", "self_attn.q_proj.weight"}) {
    EXPECT_EQ(read(smaller, std::string("model.layers.0.") + rest), read(model, std::string("model.layers.0.") + rest));
    EXPECT_EQ(read(smaller, std::string("model.layers.1.") + rest), read(model, std::string("model.layers.2.") + rest));
    EXPECT_EQ(read(smaller, std::string("model.layers.2.") + rest), read(model, std::string("model.layers.3.") + rest));
  }
  EXPECT_EQ(read(smaller, "model.norm.weight"), read(model, "model.norm.weight"));
  EXPECT_NE(read(model, "model.layers.0.mlp.down_proj.weight"), read(model, "model.layers.1.mlp.down_proj.weight"));
}

}  // namespace
}  // namespace dormouse::weights
