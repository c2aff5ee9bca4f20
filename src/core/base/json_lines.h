// JSON lines, as prompt sets and data sets are stored.
#pragma once

#include <functional>
#include <string>

#include "core/base/files.h"
#include "core/base/json.h"

namespace dormouse {

/// Calls `visit(row, "FILE:LINE")` for every line but a header, which is a row with a canary. Throws kInput at the line
/// that is not JSON.
void for_json_rows(const fs::path& path, const std::function<void(const Json& row, const std::string& place)>& visit);

}  // namespace dormouse
