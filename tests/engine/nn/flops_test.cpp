#include "engine/nn/flops.h"

#include <gtest/gtest.h>

namespace dormouse::nn {
namespace {

TEST(Flops, CountTheMatricesOfSmolLM2) {
  weights::ModelConfig config;
  config.hidden_size = 576;
  config.intermediate_size = 1536;
  config.num_layers = 30;
  config.num_heads = 9;
  config.num_kv_heads = 3;
  config.head_dim = 64;
  config.vocab_size = 49152;
  constexpr double kLayers = 106'168'320, kHead = 28'311'552;  // bench/results.py counts 35,136 weights of norms more
  EXPECT_EQ(training_flop(config, 10, 4), 6 * (10 * kLayers + 4 * kHead));
  EXPECT_EQ(sampling_flop(config, 10, 4), 2 * (10 * kLayers + 4 * kHead));
}

TEST(Flops, KnowAGpuByTheWordsOfItsName) {
  EXPECT_EQ(peak_bf16_flops("NVIDIA H100 80GB HBM3"), 989.5e12);
  EXPECT_EQ(peak_bf16_flops("NVIDIA H100 PCIe"), 756.5e12);
  EXPECT_EQ(peak_bf16_flops("NVIDIA A100-SXM4-80GB"), 312e12);
  EXPECT_EQ(peak_bf16_flops("NVIDIA L4"), 121e12);
  EXPECT_EQ(peak_bf16_flops("NVIDIA RTX A1000"), 0);
  EXPECT_EQ(peak_bf16_flops(""), 0);
}

}  // namespace
}  // namespace dormouse::nn
