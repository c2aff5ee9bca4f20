// The "normalizer" of tokenizer.json: what happens to a text before it is split into words.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/text/marked_text.h"

namespace dormouse::text {

class Normalizer {
 public:
  virtual ~Normalizer() = default;
  virtual MarkedText apply(MarkedText input) const = 0;
};

/// Null for `null` (no normalizer). Throws kInput on an unknown type or field.
std::unique_ptr<const Normalizer> read_normalizer(const Json& json, std::string_view place);

}  // namespace dormouse::text
