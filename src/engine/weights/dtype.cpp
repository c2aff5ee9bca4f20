#include "engine/weights/dtype.h"

namespace dormouse::weights {

std::size_t size_of(DType dtype) {
  static constexpr std::size_t kSizes[] = {4, 2, 2, 8, 4, 1};
  return kSizes[static_cast<int>(dtype)];
}

std::string name_of(DType dtype) {
  static constexpr const char* kNames[] = {"F32", "F16", "BF16", "I64", "I32", "U8"};
  return kNames[static_cast<int>(dtype)];
}

}  // namespace dormouse::weights
