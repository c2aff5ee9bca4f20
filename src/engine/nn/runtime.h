// Settings of the tensor library, free of its headers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dormouse::nn {

/// Threads of one operation; 1 or more. Results are the same bits only for the same number.
void set_threads(int threads);
int threads();

/// "2.15.0".
std::string torch_version();

/// Keeps freed memory inside the process: training allocates the same large blocks in every step, and giving them back
/// to the system costs a page fault for every 4 KiB. Call before the first allocation.
void keep_memory();

/// Devices by the names that people type: cpu, cuda (the first GPU that CUDA_VISIBLE_DEVICES leaves).
const std::vector<std::string>& device_names();

/// Where models are opened from now on; a process starts with cpu. For cuda, as open_cuda.
void use_device(const std::string& name, const std::string& place);
const std::string& device();

/// Opens libtorch's CUDA half, which the program does not link, and finds a GPU. Throws kInput naming `place` if one of
/// the two fails. The first call must come before any work with tensors: libtorch asks for its devices once.
void open_cuda(const std::string& place);

/// As the driver calls it: "NVIDIA H100 80GB HBM3"; "" without a GPU or driver. Opens nothing of libtorch.
std::string gpu_name();

/// Waits until the device in use has done all that it was given.
void synchronize();

/// The most memory that tensors held on the GPU at any time; 0 on a CPU.
int64_t peak_gpu_bytes();

}  // namespace dormouse::nn
