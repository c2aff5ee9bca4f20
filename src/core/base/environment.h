// The environment's variables.
#pragma once

#include <cstdlib>
#include <string>

namespace dormouse {

/// "" where it is not set.
inline std::string environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value != nullptr ? value : "";
}

}  // namespace dormouse
