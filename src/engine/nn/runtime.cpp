#include "engine/nn/runtime.h"

#include <ATen/Context.h>
#include <ATen/DeviceAccelerator.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <dlfcn.h>
#include <fmt/format.h>
#include <malloc.h>
#include <torch/version.h>

#include <array>
#include <limits>

#include "core/base/error.h"

namespace dormouse::nn {

namespace {

constexpr const char* kCpu = "cpu";
constexpr const char* kCuda = "cuda";
std::string& current() {
  static std::string name = kCpu;
  return name;
}

// A function of the driver, by its C interface, which does not change.
template <class Function>
Function* driver_function(void* driver, const char* name) {
  return reinterpret_cast<Function*>(::dlsym(driver, name));
}

}  // namespace

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

const std::vector<std::string>& device_names() {
  static const std::vector<std::string> kNames{kCpu, kCuda};
  return kNames;
}

const std::string& device() { return current(); }

void use_device(const std::string& name, const std::string& place) {
  if (name == kCuda) open_cuda(place);
  current() = name;
}

void open_cuda(const std::string& place) {
  static void* library = nullptr;
  if (library == nullptr) library = ::dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL);
  if (library == nullptr) {
    const char* reason = ::dlerror();
    fail_input(
        place, fmt::format("expected libtorch's CUDA half; it cannot be opened: {}", reason == nullptr ? "" : reason),
        "use --device cpu, or install torch with its CUDA packages: .venv/bin/pip install torch==" + torch_version());
  }
  try {
    const auto& hooks = at::detail::getCUDAHooks();
    if (hooks.hasCUDA() && hooks.deviceCount() > 0) return at::globalContext().lazyInitDevice(at::kCUDA);
  } catch (const std::exception& error) {
    const std::string text = error.what();
    fail_input(place, "expected a usable NVIDIA GPU: " + text.substr(0, text.find('\n')),
               "use --device cpu, or look at nvidia-smi");
  }
  fail_input(place, "expected an NVIDIA GPU with its driver; this process sees none",
             "use --device cpu, or look at nvidia-smi and CUDA_VISIBLE_DEVICES");
}

std::string gpu_name() {
  static void* const driver = ::dlopen("libcuda.so.1", RTLD_NOW);
  if (driver == nullptr) return "";
  auto* init = driver_function<int(unsigned)>(driver, "cuInit");
  auto* get = driver_function<int(int*, int)>(driver, "cuDeviceGet");
  auto* name_of = driver_function<int(char*, int, int)>(driver, "cuDeviceGetName");
  std::array<char, 256> name{};
  int gpu = 0;
  const bool known = init != nullptr && get != nullptr && name_of != nullptr && init(0) == 0 && get(&gpu, 0) == 0 &&
                     name_of(name.data(), static_cast<int>(name.size()) - 1, gpu) == 0;
  return known ? name.data() : "";
}

void synchronize() {
  if (device() == kCuda) at::accelerator::synchronizeDevice(0);
}

int64_t peak_gpu_bytes() {
  if (device() != kCuda) return 0;
  const auto stats = at::getDeviceAllocator(at::kCUDA)->getDeviceStats(0);
  return stats.allocated_bytes[0].peak;  // 0: of all its pools
}

}  // namespace dormouse::nn
