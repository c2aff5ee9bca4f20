#include "engine/weights/memory.h"

#include <gtest/gtest.h>

#include "engine/smollm2_config.h"

namespace dormouse::weights {
namespace {

double mib(int64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

TEST(Memory, ParametersOfSmolLm2) { EXPECT_EQ(parameter_count(smollm2_135m()), 134'515'008); }

// peak_memory_mib of `dormouse bench sft --dtype f32` with bench/data/long_rows.jsonl, --batch 2, and with
// sft_rows.jsonl,
// --batch 8; and of `dormouse generate`, 64 prompts, --max-tokens 64.
TEST(Memory, IsWithin15PercentOfWhatWasMeasured) {
  EXPECT_NEAR(mib(training_bytes(smollm2_135m(), {.pass_tokens = 2011})) / 4201, 1, 0.15);
  EXPECT_NEAR(mib(training_bytes(smollm2_135m(), {.pass_tokens = 680})) / 2801, 1, 0.15);
  EXPECT_NEAR(mib(sampling_bytes(smollm2_135m(), {.sequences = 64, .tokens = 100})) / 1298, 1, 0.15);
}

TEST(Memory, AdaptersAndBf16NeedLess) {
  const auto config = smollm2_135m();
  const int64_t whole = training_bytes(config, {.pass_tokens = 512});
  EXPECT_LT(training_bytes(config, {.pass_tokens = 512, .bf16 = true}), whole);
  EXPECT_LT(training_bytes(config, {.pass_tokens = 512, .adapter_rank = 16}), whole * 6 / 10);
}

}  // namespace
}  // namespace dormouse::weights
