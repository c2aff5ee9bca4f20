#include "engine/nn/packed_matrix.h"

#include <ATen/Parallel.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <new>

#include "engine/nn/tile.h"

namespace dormouse::nn {

namespace {

uint32_t bits(float value) { return std::bit_cast<uint32_t>(value); }

bool is_exact_in_bf16(const float* values, int64_t count) {
  return std::all_of(values, values + count, [](float value) { return (bits(value) & 0xffffu) == 0; });
}

void* huge_pages(std::size_t bytes) {
  constexpr std::size_t kHugePage = std::size_t{1} << 21;
  const std::size_t rounded = (bytes + kHugePage - 1) / kHugePage * kHugePage;
  void* memory = std::aligned_alloc(kHugePage, rounded);
  if (memory == nullptr) throw std::bad_alloc();
  ::madvise(memory, rounded, MADV_HUGEPAGE);  // a hint: fewer TLB misses while streaming the weights
  return memory;
}

// One row of a panel from a column of the weights; what lies beyond `columns` is zero.
void lay_out(const float (&row)[kPanel], float* to) { std::copy(row, row + kPanel, to); }
void lay_out(const float (&row)[kPanel], Bf16Pair* to) {
  for (int64_t c = 0; c < kLanes; ++c) to[c] = bits(row[c]) >> 16 | (bits(row[c + kLanes]) & 0xffff0000u);
}

}  // namespace

void PackedMatrix::Free::operator()(void* memory) const { std::free(memory); }

PackedMatrix::PackedMatrix(const float* weights, int64_t outputs, int64_t inputs)
    : outputs_(outputs), inputs_(inputs), is_bf16_(is_exact_in_bf16(weights, outputs * inputs)) {
  const auto elements = static_cast<std::size_t>(panels() * kPanel * inputs);
  memory_.reset(huge_pages(elements * (is_bf16_ ? sizeof(uint16_t) : sizeof(float))));
  is_bf16_ ? fill<Bf16Pair>(weights) : fill<float>(weights);
}

int64_t PackedMatrix::panels() const { return (outputs_ + kPanel - 1) / kPanel; }

template <class Weight>
Weight* PackedMatrix::panel(int64_t index) const {
  return static_cast<Weight*>(memory_.get()) + index * kPanelRow<Weight> * inputs_;
}

template <class Weight>
void PackedMatrix::fill(const float* weights) {
  at::parallel_for(0, panels(), 4, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) {
      const int64_t columns = std::min(kPanel, outputs_ - p * kPanel);
      float row[kPanel] = {};
      for (int64_t k = 0; k < inputs_; ++k) {
        for (int64_t c = 0; c < columns; ++c) row[c] = weights[(p * kPanel + c) * inputs_ + k];
        lay_out(row, panel<Weight>(p) + k * kPanelRow<Weight>);
      }
    }
  });
}

template <class Weight>
void PackedMatrix::copy_from_panel(int64_t output, float* to) const {
  const int64_t column = output % kPanel;
  for (int64_t k = 0; k < inputs_; ++k) {
    Vector halves[2];
    load_panel_row(panel<Weight>(output / kPanel) + k * kPanelRow<Weight>, halves);
    to[k] = halves[column / kLanes][column % kLanes];
  }
}

void PackedMatrix::copy_row(int64_t output, float* to) const {
  is_bf16_ ? copy_from_panel<Bf16Pair>(output, to) : copy_from_panel<float>(output, to);
}

template <class Weight>
void PackedMatrix::multiply_panels(const float* x, int64_t rows, float* y) const {
  // Threads claim panels, since cores are not equally fast; each one ahead, so that it comes from memory during the one
  // before.
  std::atomic<int64_t> unclaimed{0};
  at::parallel_for(0, at::get_num_threads(), 1, [&](int64_t, int64_t) {
    for (int64_t p = unclaimed++, next; p < panels(); p = next) {
      next = unclaimed++;
      multiply_down(PanelTile<Weight>{.x = x,
                                      .x_row = inputs_,
                                      .x_step = 1,
                                      .b = panel<Weight>(p),
                                      .b_row = kPanelRow<Weight>,
                                      .depth = inputs_,
                                      .y = y + p * kPanel,
                                      .y_row = outputs_,
                                      .columns = std::min(kPanel, outputs_ - p * kPanel),
                                      .into = Into::kSet},
                    rows, next < panels() ? panel<Weight>(next) : nullptr);
    }
  });
}

void PackedMatrix::multiply(const float* x, int64_t rows, float* y) const {
  is_bf16_ ? multiply_panels<Bf16Pair>(x, rows, y) : multiply_panels<float>(x, rows, y);
}

}  // namespace dormouse::nn
