#include "engine/nn/packed_matrix.h"

#include <ATen/Parallel.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

#include "engine/nn/tile.h"

namespace dormouse::nn {

void PackedMatrix::Free::operator()(float* memory) const { std::free(memory); }

PackedMatrix::PackedMatrix(const float* weights, int64_t outputs, int64_t inputs)
    : outputs_(outputs), inputs_(inputs) {
  const int64_t panels = (outputs + kPanel - 1) / kPanel;
  const std::size_t bytes = static_cast<std::size_t>(panels * kPanel * inputs) * sizeof(float);
  constexpr std::size_t kHugePage = std::size_t{1} << 21;
  const std::size_t rounded = (bytes + kHugePage - 1) / kHugePage * kHugePage;
  auto* memory = static_cast<float*>(std::aligned_alloc(kHugePage, rounded));
  if (memory == nullptr) throw std::bad_alloc();
  ::madvise(memory, rounded, MADV_HUGEPAGE);  // a hint: fewer TLB misses while streaming the weights
  panels_.reset(memory);
  at::parallel_for(0, panels, 4, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) {
      float* panel = memory + p * kPanel * inputs;
      const int64_t columns = std::min(kPanel, outputs - p * kPanel);
      if (columns < kPanel) std::memset(panel, 0, static_cast<std::size_t>(kPanel * inputs) * sizeof(float));
      for (int64_t k = 0; k < inputs; ++k) {
        for (int64_t c = 0; c < columns; ++c) panel[k * kPanel + c] = weights[(p * kPanel + c) * inputs + k];
      }
    }
  });
}

void PackedMatrix::multiply(const float* x, int64_t rows, float* y) const {
  const int64_t panels = (outputs_ + kPanel - 1) / kPanel;
  const auto at_panel = [&](int64_t p) { return panels_.get() + std::min(p, panels - 1) * kPanel * inputs_; };
  // Threads claim panels, since cores are not equally fast; each one ahead, so that it comes from memory during the one before.
  std::atomic<int64_t> unclaimed{0};
  at::parallel_for(0, at::get_num_threads(), 1, [&](int64_t, int64_t) {
    for (int64_t p = unclaimed++, next; p < panels; p = next) {
      next = unclaimed++;
      multiply_down({.x = x,
                     .x_row = inputs_,
                     .x_step = 1,
                     .b = at_panel(p),
                     .b_row = kPanel,
                     .depth = inputs_,
                     .y = y + p * kPanel,
                     .y_row = outputs_,
                     .columns = std::min(kPanel, outputs_ - p * kPanel),
                     .into = Into::kSet},
                    rows, at_panel(next));
    }
  });
}

}  // namespace dormouse::nn
