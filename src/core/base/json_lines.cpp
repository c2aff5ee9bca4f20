#include "core/base/json_lines.h"

#include <fmt/format.h>

namespace dormouse {

void for_json_rows(const fs::path& path, const std::function<void(const Json& row, const std::string& place)>& visit) {
  int number = 0;
  for (const auto& line : read_lines(path)) {
    const std::string place = fmt::format("{}:{}", path.string(), ++number);
    const Json row = parse_json(line, place);
    if (!row.contains("canary")) visit(row, place);
  }
}

}  // namespace dormouse
