// Small things done to strings.
#pragma once

#include <string>
#include <string_view>

namespace dormouse {

/// Without the ASCII white space at both ends.
inline std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

}  // namespace dormouse
