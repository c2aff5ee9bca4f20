// The one inner kernel of our own matrix products: a few rows times one panel of columns, all sums in registers. Every
// element of the result is one chain of fused multiply-adds over k = 0, 1, ..., whatever the number of rows.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>

namespace dormouse::nn {

// GCC vector types: AVX2 or AVX-512 or NEON instructions, from one source.
#ifdef __AVX512F__
inline constexpr int64_t kLanes = 16;
inline constexpr int kMaxTileRows = 12;
#else
inline constexpr int64_t kLanes = 8;
inline constexpr int kMaxTileRows = 6;
#endif
inline constexpr int64_t kPanel = 2 * kLanes;         // columns of a tile
inline constexpr int64_t kLine = 64 / sizeof(float);  // floats of a cache line
typedef float Vector __attribute__((vector_size(kLanes * sizeof(float))));

/// Two weights in bf16, of columns c (the lower half) and c + kLanes of a panel: half the memory, and two instructions
/// make vectors of them.
using Bf16Pair = uint32_t;

/// Elements in one row of a panel.
template <class Weight>
inline constexpr int64_t kPanelRow = kPanel;
template <>
inline constexpr int64_t kPanelRow<Bf16Pair> = kPanel / 2;

// Of rows that need not be aligned.
typedef float LooseVector __attribute__((vector_size(kLanes * sizeof(float)), aligned(sizeof(float))));
inline Vector load(const float* from) { return *reinterpret_cast<const LooseVector*>(from); }
inline void store(float* to, Vector vector) { *reinterpret_cast<LooseVector*>(to) = vector; }

inline void load_panel_row(const float* b, Vector (&w)[2]) {
  w[0] = *reinterpret_cast<const Vector*>(b);
  w[1] = *reinterpret_cast<const Vector*>(b + kLanes);
}

inline void load_panel_row(const Bf16Pair* b, Vector (&w)[2]) {
  typedef uint32_t Words __attribute__((vector_size(sizeof(Vector))));
  const Words words = *reinterpret_cast<const Words*>(b);
  w[0] = std::bit_cast<Vector>(words << 16);
  w[1] = std::bit_cast<Vector>(words & 0xffff0000u);
}

/// What becomes of y: set to the product, the product added to it, or the chain of additions begun from it. Going on
/// with a chain gives the bits of one product over all the depth.
enum class Into { kSet, kAdd, kGoOn };

/// y[rows][columns] = or += x[rows][depth] * b[depth][kPanel].
template <class Weight>
struct PanelTile {
  const float* x;
  int64_t x_row, x_step;  // x[r][k] at x[r * x_row + k * x_step]
  const Weight* b;        // aligned to a vector
  int64_t b_row;          // between rows of b: a multiple of kPanelRow
  int64_t depth;
  float* y;
  int64_t y_row;
  int64_t columns;  // <= kPanel: how many are written
  Into into;
  const char* ahead =
      nullptr;  // what is multiplied after this: fetched meanwhile, `ahead_lines` lines with every 4 steps
  int64_t ahead_lines = 0;
};
using Tile = PanelTile<float>;

template <class Weight>
void store_row(const PanelTile<Weight>& tile, float* y, Vector first, Vector second) {
  if (tile.into != Into::kAdd && tile.columns == kPanel) {
    store(y, first);
    store(y + kLanes, second);
    return;
  }
  float flat[kPanel];
  store(flat, first);
  store(flat + kLanes, second);
  for (int64_t c = 0; c < tile.columns; ++c) y[c] = tile.into == Into::kAdd ? y[c] + flat[c] : flat[c];
}

// The sums stay in registers only if their address is never taken and every loop over rows is unrolled.
template <int kRows, class Weight>
void multiply_tile(const PanelTile<Weight>& tile) {
  Vector sums[kRows][2] = {};
  if (tile.into == Into::kGoOn) {  // all columns of y must be there
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      sums[r][0] = load(tile.y + r * tile.y_row);
      sums[r][1] = load(tile.y + r * tile.y_row + kLanes);
    }
  }
  const Weight* b = tile.b;
  const float* x = tile.x;
  const char* ahead = tile.ahead;
  for (int64_t k = 0; k < tile.depth; ++k) {
    if (k % 4 == 0) {
      for (int64_t line = 0; line < tile.ahead_lines; ++line, ahead += 64) __builtin_prefetch(ahead);
    }
    Vector w[2];
    load_panel_row(b, w);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const float factor = x[r * tile.x_row];
      sums[r][0] += factor * w[0];
      sums[r][1] += factor * w[1];
    }
    b += tile.b_row, x += tile.x_step;
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) store_row(tile, tile.y + r * tile.y_row, sums[r][0], sums[r][1]);
}

template <class Weight, int... kRows>
void multiply_rows(int rows, const PanelTile<Weight>& tile, std::integer_sequence<int, kRows...>) {
  using TileFunction = void (*)(const PanelTile<Weight>&);
  static constexpr TileFunction kFunctions[] = {&multiply_tile<kRows + 1, Weight>...};
  kFunctions[rows - 1](tile);
}

/// The tile repeated down `rows` rows of x and y; the first tiles fetch what lies at `ahead`, as much as there is of b.
/// Equal heights: 8 rows are 4 + 4 and not 6 + 2, since a tall tile hides the loads better.
template <class Weight>
void multiply_down(PanelTile<Weight> tile, int64_t rows, const Weight* ahead = nullptr) {
  constexpr int64_t kLines = 4 * kPanelRow<Weight> * sizeof(Weight) / 64;  // of 4 steps of b
  const int64_t tiles = (rows + kMaxTileRows - 1) / kMaxTileRows;
  const int64_t lines = (kLines + tiles - 1) / tiles;
  tile.ahead = reinterpret_cast<const char*>(ahead);
  for (int64_t left = tiles, unfetched = ahead == nullptr ? 0 : kLines; left > 0; --left) {
    const auto height = static_cast<int>((rows + left - 1) / left);
    tile.ahead_lines = std::min(lines, unfetched);
    multiply_rows(height, tile, std::make_integer_sequence<int, kMaxTileRows>());
    tile.x += height * tile.x_row;
    tile.y += height * tile.y_row;
    tile.ahead += tile.ahead_lines * (tile.depth / 4) * 64;
    unfetched -= tile.ahead_lines;
    rows -= height;
  }
}

}  // namespace dormouse::nn
