#include "engine/nn/runtime.h"

#include <malloc.h>
#include <torch/version.h>

#include <limits>

#include "engine/nn/torch.h"

namespace dormouse::nn {

void set_threads(int count) { at::set_num_threads(count); }
int threads() { return at::get_num_threads(); }
std::string torch_version() {
  return std::to_string(TORCH_VERSION_MAJOR) + "." + std::to_string(TORCH_VERSION_MINOR) + "." +
         std::to_string(TORCH_VERSION_PATCH);
}

void keep_memory() {
  ::mallopt(M_MMAP_THRESHOLD, std::numeric_limits<int>::max());
  ::mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
}

}  // namespace dormouse::nn
