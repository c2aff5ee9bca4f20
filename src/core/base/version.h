// What this build is.
#pragma once

#include <filesystem>
#include <string>

namespace dormouse {

/// "0.1.0".
std::string program_version();

/// Folder of prompts/ and recipes/: $DORMOUSE_HOME if set, else the source tree this binary was built from.
std::filesystem::path home_folder();

}  // namespace dormouse
