#include "engine/weights/dtype.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

namespace dormouse::weights {
namespace {

// By the definition of the format, slowly.
float half_by_definition(uint16_t bits) {
  const int exponent = (bits >> 10) & 31, mantissa = bits & 1023;
  const float sign = (bits & 0x8000) != 0 ? -1.0f : 1.0f;
  if (exponent == 31) return mantissa == 0 ? sign * INFINITY : NAN;
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(mantissa), -24);
  return sign * std::ldexp(static_cast<float>(1024 + mantissa), exponent - 25);
}

TEST(DType, EveryHalfIsExact) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const float expected = half_by_definition(static_cast<uint16_t>(bits));
    const float value = f32_from_f16(static_cast<uint16_t>(bits));
    if (std::isnan(expected)) {
      EXPECT_TRUE(std::isnan(value)) << bits;
    } else {
      EXPECT_EQ(std::bit_cast<uint32_t>(value), std::bit_cast<uint32_t>(expected)) << bits;
    }
  }
}

TEST(DType, Bf16RoundsToNearestEven) {
  EXPECT_EQ(bf16_from_f32(1.0f), 0x3F80);
  EXPECT_EQ(bf16_from_f32(std::bit_cast<float>(0x3F808000u)), 0x3F80);  // tie: down to even
  EXPECT_EQ(bf16_from_f32(std::bit_cast<float>(0x3F818000u)), 0x3F82);  // tie: up to even
  EXPECT_EQ(bf16_from_f32(std::bit_cast<float>(0x3F808001u)), 0x3F81);
  EXPECT_EQ(bf16_from_f32(std::numeric_limits<float>::max()), 0x7F80);
  EXPECT_EQ(bf16_from_f32(-INFINITY), 0xFF80);
  EXPECT_TRUE(std::isnan(f32_from_bf16(bf16_from_f32(std::bit_cast<float>(0x7F800001u)))));
  EXPECT_TRUE(std::isnan(f32_from_bf16(bf16_from_f32(std::bit_cast<float>(0x7FFFFFFFu)))));
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const float value = f32_from_bf16(static_cast<uint16_t>(bits));
    if (!std::isnan(value)) {
      EXPECT_EQ(bf16_from_f32(value), bits);
    }
  }
}

TEST(DType, NamesGoThereAndBack) {
  for (const DType dtype : {DType::kF32, DType::kF16, DType::kBF16, DType::kI64, DType::kI32, DType::kU8, DType::kF64,
                            DType::kI16, DType::kI8, DType::kBool}) {
    EXPECT_EQ(dtype_from_name(name_of(dtype)), dtype);
  }
  EXPECT_EQ(dtype_from_name("F8_E4M3"), std::nullopt);
}

TEST(DType, UnalignedBytesConvert) {
  const double value = 0.1;
  std::vector<std::byte> bytes(1 + sizeof(value));
  std::memcpy(bytes.data() + 1, &value, sizeof(value));
  float out = 0;
  to_f32(DType::kF64, std::span(bytes).subspan(1), {&out, 1});
  EXPECT_EQ(out, 0.1f);
}

}  // namespace
}  // namespace dormouse::weights
