#include "engine/weights/quant.h"

#include <fmt/format.h>

#include <array>
#include <cstring>

#include "core/base/error.h"
#include "engine/weights/dtype.h"

// Every product below is exact in f32 (11 bits of a half, at most 8 of a scale and 5 of a quant; Q6_K rounds
// once), so fused and unfused arithmetic give the same bits, and a file gives the same floats on every
// machine.

namespace dormouse::weights {

namespace {

constexpr std::size_t kSmall = 32;   // elements in a block of the simple types
constexpr std::size_t kSuper = 256;  // elements in a super-block of the K types

using Half = uint16_t;

template <class T>
T load(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof(T));
  return value;
}

// 16 bytes hold 32 quants: the low nibbles are the first half of the block, the high ones the second.
void nibbles(const uint8_t* packed, uint8_t* quants) {
  for (std::size_t i = 0; i < 16; ++i) {
    quants[i] = packed[i] & 15;
    quants[i + 16] = packed[i] >> 4;
  }
}

// Bit i of `high` is the fifth bit of quant i.
void add_fifth_bits(uint32_t high, uint8_t* quants) {
  for (uint32_t i = 0; i < kSmall; ++i) quants[i] |= static_cast<uint8_t>(((high >> i) & 1) << 4);
}

void scaled(const uint8_t* quants, float scale, int zero, float* out) {
  for (std::size_t i = 0; i < kSmall; ++i) out[i] = scale * static_cast<float>(quants[i] - zero);
}

void shifted(const uint8_t* quants, float scale, float minimum, float* out) {
  for (std::size_t i = 0; i < kSmall; ++i) out[i] = scale * static_cast<float>(quants[i]) + minimum;
}

struct BlockQ40 {  // 32 x 4 bits: scale * (q - 8)
  Half scale;
  uint8_t quants[16];
};

struct BlockQ41 {  // 32 x 4 bits: scale * q + minimum
  Half scale;
  Half minimum;
  uint8_t quants[16];
};

struct BlockQ50 {  // 32 x 5 bits: scale * (q - 16)
  Half scale;
  uint8_t high[4];
  uint8_t quants[16];
};

struct BlockQ51 {  // 32 x 5 bits: scale * q + minimum
  Half scale;
  Half minimum;
  uint8_t high[4];
  uint8_t quants[16];
};

struct BlockQ80 {  // 32 x 8 bits: scale * q
  Half scale;
  int8_t quants[32];
};

struct BlockQ4K {  // 8 groups of 32 x 4 bits: scale * s[g] * q - minimum * m[g]
  Half scale;
  Half minimum;
  uint8_t scales[12];   // see unpack_scales
  uint8_t quants[128];  // 32 bytes hold two groups: low nibbles, high nibbles
};

struct BlockQ5K {  // the same with 5 bits
  Half scale;
  Half minimum;
  uint8_t scales[12];
  uint8_t high[32];  // bit g of byte i is the fifth bit of quant i in group g
  uint8_t quants[128];
};

struct BlockQ6K {  // 16 groups of 16 x 6 bits: scale * s[g] * (q - 32)
  uint8_t low[128];
  uint8_t high[64];
  int8_t scales[16];
  Half scale;
};

static_assert(sizeof(BlockQ40) == 18 && sizeof(BlockQ41) == 20 && sizeof(BlockQ50) == 22 && sizeof(BlockQ51) == 24 &&
              sizeof(BlockQ80) == 34 && sizeof(BlockQ4K) == 144 && sizeof(BlockQ5K) == 176 && sizeof(BlockQ6K) == 210);

void decode(const BlockQ40& block, float* out) {
  uint8_t quants[kSmall];
  nibbles(block.quants, quants);
  scaled(quants, f32_from_f16(block.scale), 8, out);
}

void decode(const BlockQ41& block, float* out) {
  uint8_t quants[kSmall];
  nibbles(block.quants, quants);
  shifted(quants, f32_from_f16(block.scale), f32_from_f16(block.minimum), out);
}

void decode(const BlockQ50& block, float* out) {
  uint8_t quants[kSmall];
  nibbles(block.quants, quants);
  uint32_t high;
  std::memcpy(&high, block.high, sizeof(high));
  add_fifth_bits(high, quants);
  scaled(quants, f32_from_f16(block.scale), 16, out);
}

void decode(const BlockQ51& block, float* out) {
  uint8_t quants[kSmall];
  nibbles(block.quants, quants);
  uint32_t high;
  std::memcpy(&high, block.high, sizeof(high));
  add_fifth_bits(high, quants);
  shifted(quants, f32_from_f16(block.scale), f32_from_f16(block.minimum), out);
}

void decode(const BlockQ80& block, float* out) {
  const float scale = f32_from_f16(block.scale);
  for (std::size_t i = 0; i < kSmall; ++i) out[i] = scale * static_cast<float>(block.quants[i]);
}

// Eight 6-bit scales and eight 6-bit minima in 12 bytes. Groups 0-3: the low six bits of bytes 0-3 (scales)
// and 4-7 (minima). Groups 4-7: four low bits in bytes 8-11 (scale low nibble, minimum high nibble), two high
// bits in the spare top bits of bytes 0-3 and 4-7.
struct GroupScales {
  uint8_t scale[8];
  uint8_t minimum[8];
};

GroupScales unpack_scales(const uint8_t* packed) {
  GroupScales out;
  for (int g = 0; g < 4; ++g) {
    out.scale[g] = packed[g] & 63;
    out.minimum[g] = packed[g + 4] & 63;
    out.scale[g + 4] = static_cast<uint8_t>((packed[g + 8] & 15) | ((packed[g] >> 6) << 4));
    out.minimum[g + 4] = static_cast<uint8_t>((packed[g + 8] >> 4) | ((packed[g + 4] >> 6) << 4));
  }
  return out;
}

void decode(const BlockQ4K& block, float* out) {
  const float scale = f32_from_f16(block.scale), minimum = f32_from_f16(block.minimum);
  const GroupScales groups = unpack_scales(block.scales);
  for (int g = 0; g < 8; ++g) {
    const uint8_t* packed = block.quants + (g / 2) * 32;
    const int shift = g % 2 * 4;
    const float s = scale * groups.scale[g], m = minimum * groups.minimum[g];
    for (int i = 0; i < 32; ++i) out[g * 32 + i] = s * static_cast<float>((packed[i] >> shift) & 15) - m;
  }
}

void decode(const BlockQ5K& block, float* out) {
  const float scale = f32_from_f16(block.scale), minimum = f32_from_f16(block.minimum);
  const GroupScales groups = unpack_scales(block.scales);
  for (int g = 0; g < 8; ++g) {
    const uint8_t* packed = block.quants + (g / 2) * 32;
    const int shift = g % 2 * 4;
    const float s = scale * groups.scale[g], m = minimum * groups.minimum[g];
    for (int i = 0; i < 32; ++i) {
      const int quant = ((packed[i] >> shift) & 15) | (((block.high[i] >> g) & 1) << 4);
      out[g * 32 + i] = s * static_cast<float>(quant) - m;
    }
  }
}

// Each half of 128 elements has 64 bytes of low nibbles and 32 of high bit pairs. Quarter k (32 elements)
// takes its nibbles from bytes 0-31 or 32-63 (k even or odd), the low ones for k < 2, and bit pair k.
void decode(const BlockQ6K& block, float* out) {
  const float scale = f32_from_f16(block.scale);
  for (int quarter = 0; quarter < 8; ++quarter) {
    const int half = quarter / 4, k = quarter % 4;
    const uint8_t* low = block.low + half * 64 + k % 2 * 32;
    const uint8_t* high = block.high + half * 32;
    for (int group = 0; group < 2; ++group) {
      const float s = scale * static_cast<float>(block.scales[half * 8 + k * 2 + group]);
      for (int i = group * 16; i < group * 16 + 16; ++i) {
        const int quant = ((low[i] >> (k / 2 * 4)) & 15) | (((high[i] >> (k * 2)) & 3) << 4);
        out[quarter * 32 + i] = s * static_cast<float>(quant - 32);
      }
    }
  }
}

template <class Block, std::size_t kElements>
void decode_all(const std::byte* blocks, std::size_t count, float* out) {
  for (std::size_t i = 0; i < count; ++i) {
    const Block block = load<Block>(blocks + i * sizeof(Block));
    decode(block, out + i * kElements);
  }
}

template <DType kType>
void plain(const std::byte* values, std::size_t count, float* out) {
  to_f32(kType, {values, count * size_of(kType)}, {out, count});
}

constexpr std::array<BlockType, 11> kTypes = {{
    {0, "F32", 1, 4, plain<DType::kF32>},
    {1, "F16", 1, 2, plain<DType::kF16>},
    {2, "Q4_0", kSmall, sizeof(BlockQ40), decode_all<BlockQ40, kSmall>},
    {3, "Q4_1", kSmall, sizeof(BlockQ41), decode_all<BlockQ41, kSmall>},
    {6, "Q5_0", kSmall, sizeof(BlockQ50), decode_all<BlockQ50, kSmall>},
    {7, "Q5_1", kSmall, sizeof(BlockQ51), decode_all<BlockQ51, kSmall>},
    {8, "Q8_0", kSmall, sizeof(BlockQ80), decode_all<BlockQ80, kSmall>},
    {12, "Q4_K", kSuper, sizeof(BlockQ4K), decode_all<BlockQ4K, kSuper>},
    {13, "Q5_K", kSuper, sizeof(BlockQ5K), decode_all<BlockQ5K, kSuper>},
    {14, "Q6_K", kSuper, sizeof(BlockQ6K), decode_all<BlockQ6K, kSuper>},
    {30, "BF16", 1, 2, plain<DType::kBF16>},
}};

// Names of types that exist and are not read here, for the message.
std::string foreign_name(uint32_t id) {
  static constexpr struct {
    uint32_t id;
    const char* name;
  } kForeign[] = {{9, "Q8_1"},     {10, "Q2_K"},  {11, "Q3_K"},   {15, "Q8_K"},  {16, "IQ2_XXS"}, {17, "IQ2_XS"},
                  {18, "IQ3_XXS"}, {19, "IQ1_S"}, {20, "IQ4_NL"}, {21, "IQ3_S"}, {22, "IQ2_S"},   {23, "IQ4_XS"},
                  {24, "I8"},      {25, "I16"},   {26, "I32"},    {27, "I64"},   {28, "F64"},     {29, "IQ1_M"},
                  {34, "TQ1_0"},   {35, "TQ2_0"}, {39, "MXFP4"},  {40, "NVFP4"}};
  for (const auto& type : kForeign) {
    if (type.id == id) return type.name;
  }
  return fmt::format("number {}", id);
}

}  // namespace

const BlockType& block_type(uint32_t id, const std::string& place) {
  for (const BlockType& type : kTypes) {
    if (type.id == id) return type;
  }
  std::string names;
  for (const BlockType& type : kTypes) names += (names.empty() ? "" : ", ") + std::string(type.name);
  fail_input(place, fmt::format("tensor type {} is not supported; supported: {}", foreign_name(id), names),
             "use a GGUF of another quantisation");
}

void dequantise(const BlockType& type, std::span<const std::byte> blocks, std::span<float> out) {
  DORMOUSE_ASSERT(blocks.size() % type.bytes == 0);
  const std::size_t count = blocks.size() / type.bytes;
  DORMOUSE_ASSERT(out.size() == count * type.elements);
  type.to_f32(blocks.data(), count, out.data());
}

}  // namespace dormouse::weights
