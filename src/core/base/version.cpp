#include "core/base/version.h"

#include <cstdlib>

namespace dormouse {

std::string program_version() { return DORMOUSE_VERSION; }

std::filesystem::path home_folder() {
  const char* home = std::getenv("DORMOUSE_HOME");
  return home != nullptr && *home != '\0' ? home : DORMOUSE_SOURCE_DIR;
}

}  // namespace dormouse
