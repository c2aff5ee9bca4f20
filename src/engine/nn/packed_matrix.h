// A weight matrix laid out for sampling, and the product of a few rows with it.
//
// Why our own: every output element is one chain of fused multiply-adds over k = 0..K-1, whatever the number of rows.
// So a completion has the same bits alone or in a batch of 64, which no general GEMM promises; and at the small row
// counts of sampling it is faster than one, since nothing is packed per call.
//
// Layout: panels of kPanel output columns (tile.h); inside a panel, k-major: panel[k][column]. The last panel is padded
// with zeros. Weights that bf16 holds exactly, as those of a model saved in bf16 are, are kept as such: sampling waits
// for memory, and the arithmetic stays in fp32, so no bit changes.
#pragma once

#include <cstdint>
#include <memory>

namespace dormouse::nn {

class PackedMatrix {
 public:
  /// `weights` is [outputs, inputs], row-major.
  PackedMatrix(const float* weights, int64_t outputs, int64_t inputs);

  /// y[rows, outputs] = x[rows, inputs] * W^T. Parallel over panels; bitwise the same for any
  /// thread count and any split of the rows.
  void multiply(const float* x, int64_t rows, float* y) const;

  /// The weights of one output, [inputs], as they were.
  void copy_row(int64_t output, float* to) const;

  int64_t outputs() const { return outputs_; }
  int64_t inputs() const { return inputs_; }
  bool is_bf16() const { return is_bf16_; }

 private:
  int64_t panels() const;
  template <class Weight>
  Weight* panel(int64_t index) const;
  template <class Weight>
  void fill(const float* weights);
  template <class Weight>
  void copy_from_panel(int64_t output, float* to) const;
  template <class Weight>
  void multiply_panels(const float* x, int64_t rows, float* y) const;

  struct Free {
    void operator()(void* memory) const;
  };
  int64_t outputs_, inputs_;
  bool is_bf16_;
  std::unique_ptr<void, Free> memory_;
};

}  // namespace dormouse::nn
