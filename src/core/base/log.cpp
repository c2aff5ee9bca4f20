#include "core/base/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>

namespace dormouse {

namespace {

spdlog::logger& logger() {
  static const auto instance = [] {
    // https://no-color.org: any non-empty value switches colour off.
    const char* no_color = std::getenv("NO_COLOR");
    const bool plain = no_color != nullptr && *no_color != '\0';
    auto made = spdlog::stderr_color_mt("dormouse", plain ? spdlog::color_mode::never : spdlog::color_mode::automatic);
    made->set_pattern("%^%v%$");
    return made;
  }();
  return *instance;
}

}  // namespace

void set_log_level(LogLevel level) {
  static constexpr spdlog::level::level_enum kLevels[] = {spdlog::level::debug, spdlog::level::info,
                                                          spdlog::level::warn, spdlog::level::err, spdlog::level::off};
  logger().set_level(kLevels[static_cast<int>(level)]);
}

void log_debug(const std::string& area, const std::string& message) { logger().debug("[{}] {}", area, message); }
void log_info(const std::string& area, const std::string& message) { logger().info("[{}] {}", area, message); }
void log_warning(const std::string& area, const std::string& message) {
  logger().warn("[{}] warning: {}", area, message);
}

}  // namespace dormouse
