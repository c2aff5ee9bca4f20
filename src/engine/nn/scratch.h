// Working memory of the kernels.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

#include "engine/nn/tile.h"

namespace dormouse::nn {

/// An fp32 matrix for intermediate results. Rows begin on a cache line and are an odd number of lines apart, so that a column
/// does not fall into one set of the cache. What lies beyond the columns is never read.
class Scratch {
 public:
  Scratch() = default;
  Scratch(int64_t rows, int64_t columns) : stride_(kPanel * ((columns + kPanel - 1) / kPanel | 1)) {
    const auto bytes = static_cast<std::size_t>(rows * stride_) * sizeof(float);
    memory_.reset(static_cast<float*>(std::aligned_alloc(64, bytes)));
    if (!memory_) throw std::bad_alloc();
  }
  float* row(int64_t index) const { return memory_.get() + index * stride_; }
  int64_t stride() const { return stride_; }

 private:
  struct Free {
    void operator()(float* memory) const { std::free(memory); }
  };
  int64_t stride_ = 0;
  std::unique_ptr<float[], Free> memory_;
};

}  // namespace dormouse::nn
