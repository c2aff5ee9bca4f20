// Facts about this machine and this build, for the ledger and the report.
#pragma once

#include <cstdint>
#include <string>

namespace dormouse::lab {

/// As /proc/cpuinfo says it; "unknown" elsewhere.
std::string cpu_model();
/// What a run computes on, for its record and for estimates: the processor, and the GPU if `gpu` names one.
std::string processor(const std::string& gpu);
/// "Debian GNU/Linux 12 (bookworm)", "" if unknown.
std::string system_name();
/// That this process may use.
int64_t cpu_cores();
int64_t memory_bytes();

/// HEAD of the project's source folder, with -dirty when tracked files differ; "" if it is no checkout or git is
/// missing.
std::string git_revision();

}  // namespace dormouse::lab
