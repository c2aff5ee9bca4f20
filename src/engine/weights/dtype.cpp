#include "engine/weights/dtype.h"

#include <array>
#include <cstring>

#include "core/base/error.h"

namespace dormouse::weights {

namespace {

static_assert(std::endian::native == std::endian::little,
              "the file formats are little-endian, and so is all code here");

struct Traits {
  std::size_t size;
  const char* name;
  const char* torch_name;
};

constexpr std::array<Traits, 10> kTraits = {{{4, "F32", "float32"},
                                             {2, "F16", "float16"},
                                             {2, "BF16", "bfloat16"},
                                             {8, "I64", "int64"},
                                             {4, "I32", "int32"},
                                             {1, "U8", "uint8"},
                                             {8, "F64", "float64"},
                                             {2, "I16", "int16"},
                                             {1, "I8", "int8"},
                                             {1, "BOOL", "bool"}}};

const Traits& traits(DType dtype) { return kTraits[static_cast<std::size_t>(dtype)]; }

template <class Stored, class Convert>
void convert_all(std::span<const std::byte> bytes, std::span<float> out, Convert convert) {
  DORMOUSE_ASSERT(bytes.size() == out.size() * sizeof(Stored));
  const std::byte* from = bytes.data();
  float* to = out.data();
  for (std::size_t i = 0; i < out.size(); ++i) {
    Stored value;
    std::memcpy(&value, from + i * sizeof(Stored), sizeof(Stored));
    to[i] = convert(value);
  }
}

}  // namespace

std::size_t size_of(DType dtype) { return traits(dtype).size; }

std::string name_of(DType dtype) { return traits(dtype).name; }

std::string torch_name_of(DType dtype) { return traits(dtype).torch_name; }

std::optional<DType> dtype_from_name(std::string_view name) {
  for (std::size_t i = 0; i < kTraits.size(); ++i) {
    if (name == kTraits[i].name) return static_cast<DType>(i);
  }
  return std::nullopt;
}

bool is_floating(DType dtype) {
  return dtype == DType::kF32 || dtype == DType::kF16 || dtype == DType::kBF16 || dtype == DType::kF64;
}

void to_f32(DType dtype, std::span<const std::byte> bytes, std::span<float> out) {
  switch (dtype) {
    case DType::kF32:
      DORMOUSE_ASSERT(bytes.size() == out.size_bytes());
      if (!bytes.empty()) std::memcpy(out.data(), bytes.data(), bytes.size());
      return;
    case DType::kF16:
      return convert_all<uint16_t>(bytes, out, f32_from_f16);
    case DType::kBF16:
      return convert_all<uint16_t>(bytes, out, f32_from_bf16);
    case DType::kF64:
      return convert_all<double>(bytes, out, [](double value) { return static_cast<float>(value); });
    default:
      DORMOUSE_ASSERT(is_floating(dtype));
  }
}

}  // namespace dormouse::weights
