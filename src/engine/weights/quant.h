// Element types of GGUF tensors, and their blocks as f32. The byte layout of each block stands beside its
// code in quant.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace dormouse::weights {

/// A value may be stored in `elements` at a time, in `bytes` bytes.
struct BlockType {
  uint32_t id;  // as in the file
  const char* name;
  std::size_t elements;
  std::size_t bytes;
  void (*to_f32)(const std::byte* blocks, std::size_t count, float* out);
};

/// Throws kInput, naming the type and those that are supported, for any other.
const BlockType& block_type(uint32_t id, const std::string& place);

/// `blocks` holds whole blocks of `type` and `out` exactly their elements.
void dequantise(const BlockType& type, std::span<const std::byte> blocks, std::span<float> out);

}  // namespace dormouse::weights
