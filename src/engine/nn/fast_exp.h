// exp for loops that the compiler vectorises; the library's expf is a call for every element.
#pragma once

#include <bit>
#include <cstdint>

namespace dormouse::nn {

/// exp(x) within 2 units in the last place for x in [-87, 88]; clamps outside. Range reduction by ln 2 in two parts,
/// then a Taylor polynomial of degree 6 on [-ln2/2, ln2/2].
inline float fast_exp(float x) {
  x = x < -87.0f ? -87.0f : (x > 88.0f ? 88.0f : x);
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: adding and subtracting rounds to an integer
  const float n = (x * 1.44269504f + kRound) - kRound;
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  return p * std::bit_cast<float>((static_cast<int32_t>(n) + 127) << 23);
}

}  // namespace dormouse::nn
