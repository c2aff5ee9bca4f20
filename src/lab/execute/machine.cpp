#include "lab/execute/machine.h"

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <memory>

#include "core/base/files.h"
#include "core/base/version.h"

namespace dormouse::lab {

namespace {

// The text behind `key` and `separator` on the first line that begins with the key.
std::string value_in(const char* path, const std::string& key, char separator) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::size_t at = line.find(separator);
    if (!line.starts_with(key) || at == std::string::npos) continue;
    const std::size_t start = line.find_first_not_of(" \t\"", at + 1);
    const std::size_t end = line.find_last_not_of(" \t\"");
    return start == std::string::npos || end < start ? "" : line.substr(start, end - start + 1);
  }
  return "";
}

}  // namespace

std::string cpu_model() {
  const std::string model = value_in("/proc/cpuinfo", "model name", ':');
  return model.empty() ? "unknown" : model;
}

std::string processor(const std::string& gpu) {
  return gpu.empty() ? cpu_model() : fmt::format("{}, {}", gpu, cpu_model());
}

std::string system_name() { return value_in("/etc/os-release", "PRETTY_NAME", '='); }

int64_t cpu_cores() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
  return std::max<int64_t>(1, ::sysconf(_SC_NPROCESSORS_ONLN));
}

int64_t memory_bytes() {
  const int64_t machine = static_cast<int64_t>(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGESIZE);
  // A container's limit; "max" where there is none.
  std::ifstream file("/sys/fs/cgroup/memory.max");
  int64_t limit = 0;
  return file >> limit && limit > 0 ? std::min(machine, limit) : machine;
}

std::string git_revision() {
  const std::string home = home_folder().string();
  if (home.find('\'') != std::string::npos) return "";
  const std::string command =
      fmt::format("git -C '{}' describe --always --dirty --abbrev=40 --exclude='*' 2>/dev/null", home);
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  if (pipe == nullptr) return "";
  std::array<char, 128> line{};
  if (std::fgets(line.data(), line.size(), pipe.get()) == nullptr) return "";
  const std::string text = line.data();
  return text.substr(0, text.find('\n'));
}

}  // namespace dormouse::lab
