#include "engine/weights/flops.h"

#include <gtest/gtest.h>

#include "engine/smollm2_config.h"

namespace dormouse::weights {
namespace {

TEST(Flops, CountTheMatricesOfSmolLM2) {
  const ModelConfig config = smollm2_135m();
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

TEST(Flops, EveryNameInTheTableIsKnown) {
  for (const auto& gpu : known_gpus()) EXPECT_GT(peak_bf16_flops(gpu), 0) << gpu;
}

}  // namespace
}  // namespace dormouse::weights
