// A device for tests whose memory the host cannot touch: what libtorch leaves to devices of others (PrivateUse1). Its
// pages are locked but during a copy, so that a pointer which reaches host code ends the test; each operation demands
// that all of its tensors are on the device, then runs on copies on the CPU. What works here has no host access and no
// forgotten move: a GPU forgives neither.
#pragma once

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/EmptyTensor.h>
#include <ATen/detail/PrivateUse1HooksInterface.h>
#include <ATen/native/CPUFallback.h>
#include <ATen/ops/_reshape_alias_native.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/unfold_native.h>
#include <ATen/ops/view_native.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <sys/mman.h>
#include <torch/library.h>

#include "core/base/error.h"

namespace dormouse::far {

using at::Tensor;

inline const at::Device kDevice(at::kPrivateUse1, 0);
inline constexpr std::size_t kPage = 4096;

inline std::size_t pages(std::size_t bytes) { return std::max<std::size_t>(1, (bytes + kPage - 1) / kPage) * kPage; }

// The length stands in front of the memory that is handed out.
struct Allocator : at::Allocator {
  at::DataPtr allocate(std::size_t bytes) override {
    void* region = ::mmap(nullptr, kPage + pages(bytes), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    DORMOUSE_ASSERT(region != MAP_FAILED);
    *static_cast<std::size_t*>(region) = pages(bytes);
    char* memory = static_cast<char*>(region) + kPage;
    ::mprotect(memory, pages(bytes), PROT_NONE);
    return {memory, memory, release, kDevice};
  }
  static void release(void* memory) {
    char* region = static_cast<char*>(memory) - kPage;
    ::munmap(region, kPage + *reinterpret_cast<std::size_t*>(region));
  }
  at::DeleterFnPtr raw_deleter() const override { return release; }
  void copy_data(void*, const void*, std::size_t) const override { DORMOUSE_ASSERT(false); }
};

inline Allocator& allocator() {
  static Allocator made;
  return made;
}

// The memory of a tensor is open as long as this lives.
class Open {
 public:
  explicit Open(const Tensor& tensor) {
    if (tensor.is_cpu()) return;
    memory_ = static_cast<char*>(tensor.storage().mutable_data());
    bytes_ = memory_ == nullptr ? 0 : *reinterpret_cast<std::size_t*>(memory_ - kPage);
    ::mprotect(memory_, bytes_, PROT_READ | PROT_WRITE);
  }
  ~Open() { ::mprotect(memory_, bytes_, PROT_NONE); }

 private:
  char* memory_ = nullptr;
  std::size_t bytes_ = 0;
};

// The same memory as a tensor of the CPU.
inline Tensor on_cpu(const Tensor& tensor) {
  if (tensor.is_cpu()) return tensor;
  const int64_t offset = tensor.storage_offset() * static_cast<int64_t>(tensor.itemsize());
  auto* data = static_cast<char*>(tensor.storage().mutable_data()) + offset;
  return at::from_blob(data, tensor.sizes(), tensor.strides(), tensor.options().device(at::kCPU));
}

inline Tensor copy_from(const Tensor& from, const Tensor& to, bool) {
  if (to.numel() == 0) return to;
  const Open read(from), write(to);
  Tensor target = on_cpu(to);
  target.copy_(on_cpu(from));
  return to;
}

inline Tensor copy_from_and_resize(const Tensor& from, const Tensor& to) {
  if (to.sizes() != from.sizes()) to.resize_(from.sizes());
  return copy_from(from, to, false);
}

inline Tensor empty(c10::IntArrayRef sizes, std::optional<at::ScalarType> type, std::optional<at::Layout>,
                    std::optional<at::Device>, std::optional<bool>, std::optional<at::MemoryFormat> format) {
  return at::detail::empty_generic(sizes, &allocator(), c10::DispatchKeySet(c10::DispatchKey::PrivateUse1),
                                   type.value_or(at::kFloat), format);
}

inline Tensor empty_strided(c10::IntArrayRef sizes, c10::IntArrayRef strides, std::optional<at::ScalarType> type,
                            std::optional<at::Layout>, std::optional<at::Device>, std::optional<bool>) {
  return at::detail::empty_strided_generic(
      sizes, strides, &allocator(), c10::DispatchKeySet(c10::DispatchKey::PrivateUse1), type.value_or(at::kFloat));
}

inline const Tensor& resize(const Tensor& self, c10::IntArrayRef sizes, std::optional<at::MemoryFormat>) {
  const Tensor larger = at::empty(sizes, self.options());
  self.unsafeGetTensorImpl()->set_storage_keep_dtype(larger.storage());
  self.unsafeGetTensorImpl()->set_sizes_contiguous(sizes);
  return self;
}

inline c10::Stream only_stream() { return c10::Stream(c10::Stream::DEFAULT, kDevice); }

// One device, one stream.
struct Guard : c10::impl::NoOpDeviceGuardImpl<at::kPrivateUse1> {
  at::Device exchangeDevice(at::Device) const override { return kDevice; }
  at::Device getDevice() const override { return kDevice; }
  c10::Stream getStream(at::Device) const noexcept override { return only_stream(); }
  c10::Stream exchangeStream(c10::Stream) const noexcept override { return only_stream(); }
};

// What autograd asks of an accelerator.
struct Hooks : at::PrivateUse1HooksInterface {
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasPrimaryContext(at::DeviceIndex) const override { return true; }
  at::DeviceIndex deviceCount() const override { return 1; }
  const at::Generator& getDefaultGenerator(at::DeviceIndex) const override {  // at::manual_seed asks every device
    static const at::Generator generator = at::detail::createCPUGenerator();
    return generator;
  }
};

/// Once the device is there, libtorch takes the process for one with an accelerator; so only its tests call this.
inline void attach() {
  static Hooks hooks;
  if (at::isPrivateUse1HooksRegistered()) return;
  at::RegisterPrivateUse1HooksInterface(&hooks);
  c10::register_privateuse1_backend("far");
}

// A number may come from the CPU, as CUDA allows; a tensor may not.
inline void run(const c10::OperatorHandle& operation, torch::jit::Stack* stack) {
  const auto arguments = torch::jit::last(*stack, operation.schema().arguments().size());
  const auto check = [&](const Tensor& tensor) {
    const bool here = !tensor.defined() || !tensor.is_cpu() || tensor.dim() == 0;
    TORCH_CHECK(here, operation.schema().name(), ": a tensor was left on the CPU");
  };
  for (const auto& argument : arguments) {
    if (argument.isTensor()) check(argument.toTensor());
    if (argument.isTensorList()) {
      for (const Tensor& tensor : argument.toTensorVector()) check(tensor);
    }
  }
  at::native::cpu_fallback(operation, stack, /*error_on_views=*/true);
}

}  // namespace dormouse::far
