// Working memory of the kernels.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

#include "engine/nn/tile.h"

namespace dormouse::nn {

struct FreeFloats {
  void operator()(float* memory) const { std::free(memory); }
};
using AlignedFloats = std::unique_ptr<float[], FreeFloats>;

/// Uninitialised, on a cache line.
inline AlignedFloats aligned_floats(int64_t count) {
  const auto bytes = (static_cast<std::size_t>(count) * sizeof(float) + 63) / 64 * 64;
  auto* memory = static_cast<float*>(std::aligned_alloc(64, bytes));
  if (memory == nullptr) throw std::bad_alloc();
  return AlignedFloats(memory);
}

/// An fp32 matrix for intermediate results. Rows begin on a cache line and are an odd number of lines apart, so that a
/// column does not fall into one set of the cache. What lies beyond the columns may be read, and changes nothing.
class Scratch {
 public:
  Scratch() = default;
  Scratch(int64_t rows, int64_t columns)
      : stride_(kPanel * ((columns + kPanel - 1) / kPanel | 1)), memory_(aligned_floats(rows * stride_)) {}
  float* row(int64_t index) const { return memory_.get() + index * stride_; }
  int64_t stride() const { return stride_; }

 private:
  int64_t stride_ = 0;
  AlignedFloats memory_;
};

}  // namespace dormouse::nn
