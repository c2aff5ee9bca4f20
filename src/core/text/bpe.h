// Byte-pair encoding of one word: start from its characters, merge the pair of the lowest rank until none is
// left.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/base/json.h"

namespace dormouse::text {

class Bpe {
 public:
  /// The "model" of tokenizer.json. `special` are the texts of special added tokens: the model never makes
  /// one out of ordinary text. Throws kInput on a malformed or unknown model.
  Bpe(const Json& model, const std::unordered_set<std::string>& special, std::string_view place);
  ~Bpe();

  /// Appends the ids of a word. O(n log n); thread-safe.
  void encode(std::string_view word, std::vector<int32_t>& ids) const;

  /// As the file says, special tokens included.
  std::optional<int32_t> id_of(std::string_view token) const;
  std::string_view token(int32_t id) const;  // "" if there is none
  int32_t size() const;                      // one more than the largest id
  int32_t entries() const;                   // number of tokens

 private:
  struct Tables;
  std::unique_ptr<const Tables> tables_;
};

}  // namespace dormouse::text
