// From tokens to the tree. Tags, filters and tests that are not known are refused here, with the nearest
// known name.
#pragma once

#include <string_view>

#include "core/text/jinja/ast.h"

namespace dormouse::text::jinja {

/// Throws kInput "PLACE:LINE: ..." on a syntax error.
Block parse(std::string_view source, std::string_view place);

}  // namespace dormouse::text::jinja
