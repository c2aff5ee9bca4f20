#include "engine/nn/packed_matrix.h"

#include <ATen/Parallel.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

namespace dormouse::nn {

namespace {

// GCC vector types: AVX2 or AVX-512 or NEON instructions, from one source.
#ifdef __AVX512F__
constexpr int64_t kLanes = 16;
constexpr int kMaxRows = 12;
#else
constexpr int64_t kLanes = 8;
constexpr int kMaxRows = 6;
#endif
constexpr int64_t kVectors = PackedMatrix::kPanel / kLanes;
typedef float Vector __attribute__((vector_size(kLanes * sizeof(float))));

struct Tile {
  const float* x;      // first row
  int64_t x_stride;    // between rows
  const float* panel;  // [inputs][kPanel]
  int64_t inputs;
  float* y;
  int64_t y_stride;
  int64_t columns;  // <= kPanel: how many are real
  bool accumulate;
};

// Rows of y need not be aligned, so they are written through memcpy, which the compiler turns into unaligned moves.
void store(const Tile& tile, int row, const Vector (&sums)[kVectors]) {
  float* y = tile.y + row * tile.y_stride;
  float flat[PackedMatrix::kPanel];
  std::memcpy(flat, sums, sizeof(flat));
  if (!tile.accumulate && tile.columns == PackedMatrix::kPanel) {
    std::memcpy(y, flat, sizeof(flat));
    return;
  }
  for (int64_t c = 0; c < tile.columns; ++c) y[c] = tile.accumulate ? y[c] + flat[c] : flat[c];
}

// Rows x one panel, all sums in registers.
template <int kRows>
void multiply_tile(const Tile& tile) {
  Vector sums[kRows][kVectors] = {};
  const float* panel = tile.panel;
  for (int64_t k = 0; k < tile.inputs; ++k, panel += PackedMatrix::kPanel) {
    __builtin_prefetch(panel + 32 * PackedMatrix::kPanel);
    Vector w[kVectors];
    for (int64_t v = 0; v < kVectors; ++v) w[v] = *reinterpret_cast<const Vector*>(panel + v * kLanes);
    for (int r = 0; r < kRows; ++r) {
      const float x = tile.x[r * tile.x_stride + k];
      for (int64_t v = 0; v < kVectors; ++v) sums[r][v] += x * w[v];
    }
  }
  for (int r = 0; r < kRows; ++r) store(tile, r, sums[r]);
}

using TileFunction = void (*)(const Tile&);

template <int... kRows>
TileFunction tile_function(int rows, std::integer_sequence<int, kRows...>) {
  static constexpr TileFunction kFunctions[] = {&multiply_tile<kRows + 1>...};
  return kFunctions[rows - 1];
}

}  // namespace

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

void PackedMatrix::multiply(const float* x, int64_t rows, float* y, bool accumulate) const {
  const int64_t panels = (outputs_ + kPanel - 1) / kPanel;
  at::parallel_for(0, panels, 1, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) {
      for (int64_t row = 0; row < rows;) {
        // Equal tiles: 8 rows are 4 + 4 and not 6 + 2, since a tall tile hides the loads better.
        const int64_t left = rows - row;
        const int64_t tiles = (left + kMaxRows - 1) / kMaxRows;
        const int height = static_cast<int>((left + tiles - 1) / tiles);
        const Tile tile{.x = x + row * inputs_,
                        .x_stride = inputs_,
                        .panel = panels_.get() + p * kPanel * inputs_,
                        .inputs = inputs_,
                        .y = y + row * outputs_ + p * kPanel,
                        .y_stride = outputs_,
                        .columns = std::min(kPanel, outputs_ - p * kPanel),
                        .accumulate = accumulate};
        tile_function(height, std::make_integer_sequence<int, kMaxRows>())(tile);
        row += height;
      }
    }
  });
}

}  // namespace dormouse::nn
