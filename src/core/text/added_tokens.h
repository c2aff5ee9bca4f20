// The "added_tokens" of tokenizer.json: texts that become one token before anything else is done to the
// input.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/json.h"
#include "core/text/marked_text.h"

namespace dormouse::text {

class Normalizer;

struct AddedToken {
  int32_t id = 0;
  std::string content;
  bool special = false;
  bool single_word = false;             // not next to a word character
  bool lstrip = false, rstrip = false;  // takes the spaces on that side with it
  bool normalized = false;              // matched after normalization, against its own normalized text
};

/// Throws kInput on malformed entries or unknown fields. `null` is an empty list.
std::vector<AddedToken> read_added_tokens(const Json& json, std::string_view place);

/// Finds tokens of one list in a text: leftmost first, then the longest.
class TokenFinder {
 public:
  struct Piece {
    std::size_t begin, end;
    std::optional<int32_t> id;  // nothing: ordinary text
  };

  void add(std::string_view pattern, const AddedToken& token);
  bool empty() const { return tokens_.empty(); }

  /// Covers the text with pieces, in order. Special tokens only where `trust` allows.
  std::vector<Piece> split(const MarkedText& input, Trust trust) const;

 private:
  struct Node {
    std::unordered_map<char, int32_t> next;
    int32_t token = -1;
  };
  struct Found {
    std::size_t length = 0;
    int32_t token = -1;
  };
  Found longest_at(const MarkedText& input, std::size_t position, Trust trust) const;

  std::vector<Node> nodes_{1};
  std::vector<AddedToken> tokens_;
  std::vector<uint8_t> begins_ = std::vector<uint8_t>(256, 0);  // first bytes, to pass over the rest quickly
};

}  // namespace dormouse::text
