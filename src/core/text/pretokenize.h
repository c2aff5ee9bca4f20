// The "pre_tokenizer" of tokenizer.json: splits a normalized text into words, inside which the model merges.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/text/regex.h"

namespace dormouse::text {

/// Words as ranges of one text; bytes between ranges were removed. No range is empty.
struct Words {
  std::string text;
  std::vector<Match> ranges;
  bool at_start = false;  // the first range begins where the whole input began

  std::string_view word(const Match& range) const {
    return std::string_view(text).substr(range.begin, range.end - range.begin);
  }
};

class PreTokenizer {
 public:
  virtual ~PreTokenizer() = default;
  virtual void apply(Words& words) const = 0;
};

/// Null for `null` (the text is one word). Throws kInput on an unknown type or field.
std::unique_ptr<const PreTokenizer> read_pre_tokenizer(const Json& json, std::string_view place);

}  // namespace dormouse::text
