// The "decoder" of tokenizer.json: how the texts of tokens become the text of a sequence.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"

namespace dormouse::text {

class Decoder {
 public:
  virtual ~Decoder() = default;
  /// Token texts in, text pieces out; the pieces are then joined. Byte tokens become raw bytes.
  virtual void apply(std::vector<std::string>& pieces) const = 0;
};

/// Null for `null`: Python then joins the tokens with spaces. Throws kInput on an unknown type or field.
std::unique_ptr<const Decoder> read_decoder(const Json& json, std::string_view place);

}  // namespace dormouse::text
