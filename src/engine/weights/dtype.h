// Element types of stored tensors, and the conversions between the float ones.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace dormouse::weights {

enum class DType { kF32, kF16, kBF16, kI64, kI32, kU8, kF64, kI16, kI8, kBool };

std::size_t size_of(DType dtype);
/// The safetensors spelling: "F32", "BF16", ...
std::string name_of(DType dtype);
/// The other way; nothing for a name that is not one of ours.
std::optional<DType> dtype_from_name(std::string_view name);
/// torch's spelling: "float32", "bfloat16", ...
std::string torch_name_of(DType dtype);
bool is_floating(DType dtype);

/// Exact. Written without branches, so that loops over it vectorise, and right with denormals flushed to
/// zero.
inline float f32_from_f16(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000) << 16;
  const uint32_t magnitude = half & 0x7FFF;
  constexpr uint32_t kRebias = 112u << 23;  // exponent bias 127 against 15
  const uint32_t normal = (magnitude << 13) + kRebias + (magnitude >= 0x7C00 ? kRebias : 0);
  const uint32_t subnormal = std::bit_cast<uint32_t>(static_cast<float>(static_cast<int32_t>(magnitude)) * 0x1p-24f);
  return std::bit_cast<float>(sign | (magnitude < 0x0400 ? subnormal : normal));
}

/// Exact.
inline float f32_from_bf16(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

/// Rounds to nearest, ties to even; a NaN stays a (quiet) NaN.
inline uint16_t bf16_from_f32(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint32_t rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
  const bool is_nan = (bits & 0x7FFFFFFF) > 0x7F800000;
  return static_cast<uint16_t>(is_nan ? (bits >> 16) | 0x40 : rounded);
}

/// `bytes` (little-endian, of any alignment) as f32; F64 is rounded to nearest. The sizes must agree and
/// `dtype` must be floating.
void to_f32(DType dtype, std::span<const std::byte> bytes, std::span<float> out);

}  // namespace dormouse::weights
