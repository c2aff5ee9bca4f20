// Settings of the tensor library, free of its headers.
#pragma once

#include <string>

namespace dormouse::nn {

/// Threads of one operation; 1 or more. Results are the same bits only for the same number.
void set_threads(int threads);
int threads();

/// "2.15.0".
std::string torch_version();

/// Keeps freed memory inside the process: training allocates the same large blocks in every step, and giving them back to
/// the system costs a page fault for every 4 KiB. Call before the first allocation.
void keep_memory();

}  // namespace dormouse::nn
