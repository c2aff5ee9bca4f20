// Log lines "[area] message" on stderr. Results never go through here.
#pragma once

#include <string>

namespace dormouse {

enum class LogLevel { kDebug, kInfo, kWarning, kError, kOff };

void set_log_level(LogLevel level);
void log_debug(const std::string& area, const std::string& message);
void log_info(const std::string& area, const std::string& message);
void log_warning(const std::string& area, const std::string& message);

}  // namespace dormouse
