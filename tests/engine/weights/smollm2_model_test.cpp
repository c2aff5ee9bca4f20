// The GGUF of SmolLM2-135M-Instruct, as scripts/setup installs it.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "engine/smollm2_config.h"
#include "engine/weights/model_folder.h"
#include "engine/weights/temporary_folder.h"

namespace dormouse::weights {
namespace {

constexpr const char* kName = "smollm2-135m-instruct";

ModelConfig expected_config() {
  ModelConfig config = smollm2_135m();
  config.max_positions = 8192;
  config.rope_theta = 100000;
  config.norm_eps = 1e-5;
  config.bos_token_id = 1;
  config.eos_token_ids = {2};
  config.pad_token_id = 2;
  return config;
}

std::vector<float> read(const TensorSource& source, const TensorInfo& tensor) {
  std::vector<float> values(static_cast<std::size_t>(tensor.elements()));
  source.read_f32(tensor.name, values);
  return values;
}

TEST(SmolLm2, TheGgufIsReadWhole) {
  const ModelFiles model = ModelFiles::open(kName);
  EXPECT_EQ(model.config(), expected_config());
  EXPECT_EQ(model.tokenizer().vocab_size(), 49152);
  EXPECT_EQ(model.special_tokens(), (SpecialTokens{"<|im_start|>", "<|im_end|>", "<|im_end|>", "<|endoftext|>"}));
  EXPECT_EQ(model.chat_format().end_of_turn(), 2);

  const auto start = std::chrono::steady_clock::now();
  int64_t elements = 0;
  for (const TensorInfo& tensor : model.tensors().tensors()) {
    const std::vector<float> values = read(model.tensors(), tensor);
    elements += tensor.elements();
    ASSERT_TRUE(std::isfinite(values.front()) && std::isfinite(values.back())) << tensor.name;
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::printf("dequantised %lld elements in %.3f s\n", static_cast<long long>(elements), seconds.count());
  EXPECT_EQ(elements, 134515008);
}

TEST(SmolLm2, AFolderSavedFromItHasTheSameWeights) {
  const ModelFiles model = ModelFiles::open(kName);
  std::map<std::string, std::vector<uint16_t>> rounded;
  std::map<std::string, NamedTensor> tensors;
  for (const TensorInfo& tensor : model.tensors().tensors()) {
    const std::vector<float> values = read(model.tensors(), tensor);
    std::vector<uint16_t>& to = rounded[tensor.name];
    to.resize(values.size());
    std::transform(values.begin(), values.end(), to.begin(), bf16_from_f32);
    tensors[tensor.name] = {tensor.shape, DType::kBF16, std::as_bytes(std::span<const uint16_t>(to))};
  }
  const TemporaryFolder folder;
  save_model_folder(folder.path(), model, tensors);
  const ModelFiles saved = ModelFiles::open(folder.path().string());
  EXPECT_EQ(saved.config(), model.config());
  EXPECT_EQ(saved.special_tokens(), model.special_tokens());
  EXPECT_EQ(saved.chat_template(), model.chat_template());
  for (const TensorInfo& tensor : saved.tensors().tensors()) {
    const std::vector<float> values = read(saved.tensors(), tensor);
    const std::vector<uint16_t>& from = rounded.at(tensor.name);
    ASSERT_TRUE(std::equal(values.begin(), values.end(), from.begin(), from.end(), [](float value, uint16_t bits) {
      return value == f32_from_bf16(bits);
    })) << tensor.name;
  }
}

}  // namespace
}  // namespace dormouse::weights
