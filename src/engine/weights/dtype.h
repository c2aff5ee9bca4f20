// Element types of stored tensors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace dormouse::weights {

enum class DType { kF32, kF16, kBF16, kI64, kI32, kU8 };

std::size_t size_of(DType dtype);
/// The safetensors spelling: "F32", "BF16", ...
std::string name_of(DType dtype);

}  // namespace dormouse::weights
