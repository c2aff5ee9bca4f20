// The one inner kernel of our own matrix products: a few rows times 16 columns, all sums in registers. Every element of the
// result is one chain of fused multiply-adds over k = 0, 1, ..., whatever the number of rows.
#pragma once

#include <cstdint>
#include <cstring>
#include <utility>

namespace dormouse::nn {

inline constexpr int64_t kPanel = 16;  // columns of a tile
inline constexpr int64_t kLine = 64 / sizeof(float);  // floats of a cache line

// GCC vector types: AVX2 or AVX-512 or NEON instructions, from one source.
#ifdef __AVX512F__
inline constexpr int64_t kLanes = 16;
inline constexpr int kMaxTileRows = 12;
#else
inline constexpr int64_t kLanes = 8;
inline constexpr int kMaxTileRows = 6;
#endif
inline constexpr int64_t kTileVectors = kPanel / kLanes;
typedef float Vector __attribute__((vector_size(kLanes * sizeof(float))));

/// What becomes of y: set to the product, the product added to it, or the chain of additions begun from it. Going on with a
/// chain gives the bits of one product over all the depth.
enum class Into { kSet, kAdd, kGoOn };

/// y[rows][columns] = or += x[rows][depth] * b[depth][16].
struct Tile {
  const float* x;
  int64_t x_row, x_step;  // x[r][k] at x[r * x_row + k * x_step]
  const float* b;         // aligned to a vector
  int64_t b_row;          // between rows of b: a multiple of 16
  int64_t depth;
  float* y;
  int64_t y_row;
  int64_t columns;  // <= 16: how many are written
  Into into;
  const float* ahead = nullptr;  // what is multiplied after this: fetched meanwhile, `ahead_lines` lines with every 4 steps
  int64_t ahead_lines = 0;
};

// Rows of y need not be aligned, so they are written through memcpy, which the compiler turns into unaligned moves.
inline void store_row(const Tile& tile, int row, const Vector (&sums)[kTileVectors]) {
  float* y = tile.y + row * tile.y_row;
  float flat[kPanel];
  std::memcpy(flat, sums, sizeof(flat));
  if (tile.into != Into::kAdd && tile.columns == kPanel) {
    std::memcpy(y, flat, sizeof(flat));
    return;
  }
  for (int64_t c = 0; c < tile.columns; ++c) y[c] = tile.into == Into::kAdd ? y[c] + flat[c] : flat[c];
}

template <int kRows>
void multiply_tile(const Tile& tile) {
  Vector sums[kRows][kTileVectors] = {};
  if (tile.into == Into::kGoOn) {  // all 16 columns of y must be there
    for (int r = 0; r < kRows; ++r) std::memcpy(sums[r], tile.y + r * tile.y_row, sizeof(sums[r]));
  }
  const float *b = tile.b, *x = tile.x, *ahead = tile.ahead;
  const auto step = [&]() __attribute__((always_inline)) {
    Vector w[kTileVectors];
    for (int64_t v = 0; v < kTileVectors; ++v) w[v] = *reinterpret_cast<const Vector*>(b + v * kLanes);
    for (int r = 0; r < kRows; ++r) {
      const float factor = x[r * tile.x_row];
      for (int64_t v = 0; v < kTileVectors; ++v) sums[r][v] += factor * w[v];
    }
    b += tile.b_row, x += tile.x_step;
  };
  int64_t k = 0;
  for (; k + 4 <= tile.depth; k += 4) {
    for (int64_t line = 0; line < tile.ahead_lines; ++line, ahead += kLine) __builtin_prefetch(ahead);
    step(), step(), step(), step();
  }
  for (; k < tile.depth; ++k) step();
  for (int r = 0; r < kRows; ++r) store_row(tile, r, sums[r]);
}

template <int... kRows>
void multiply_rows(int rows, const Tile& tile, std::integer_sequence<int, kRows...>) {
  using TileFunction = void (*)(const Tile&);
  static constexpr TileFunction kFunctions[] = {&multiply_tile<kRows + 1>...};
  kFunctions[rows - 1](tile);
}

/// The tile repeated down `rows` rows of x and y; the first four tiles, or as many as there are, fetch `ahead`, which is as large
/// as b. Equal heights: 8 rows are 4 + 4 and not 6 + 2, since a tall tile hides the loads better.
inline void multiply_down(Tile tile, int64_t rows, const float* ahead = nullptr) {
  const int64_t tiles = (rows + kMaxTileRows - 1) / kMaxTileRows;
  for (int64_t done = 0; done < tiles; ++done) {
    const auto height = static_cast<int>((rows + tiles - done - 1) / (tiles - done));
    tile.ahead = ahead + done * tile.ahead_lines * tile.depth / 4 * kLine;
    tile.ahead_lines = ahead == nullptr || done >= 4 ? 0 : tiles >= 4 ? 1 : 4 / tiles;
    multiply_rows(height, tile, std::make_integer_sequence<int, kMaxTileRows>());
    tile.x += height * tile.x_row;
    tile.y += height * tile.y_row;
    rows -= height;
  }
}

}  // namespace dormouse::nn
