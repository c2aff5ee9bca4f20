// Regular expressions of tokenizer files. They are written for Oniguruma (Ruby syntax), which Python's
// `tokenizers` uses; here PCRE2 runs them, in UTF and UCP mode, compiled, with limits: the pattern comes from
// a downloaded file.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dormouse::text {

struct Match {
  std::size_t begin, end;
};

class Regex {
 public:
  /// Throws kInput naming `place` if the pattern is malformed or uses what cannot be translated.
  Regex(std::string_view pattern, std::string_view place);

  /// All matches in order, not overlapping; a match may be empty. `text` must be valid UTF-8. Throws kInput
  /// if the pattern needs more steps than the limit. Thread-safe.
  std::vector<Match> find_all(std::string_view text) const;

 private:
  struct Compiled;
  std::shared_ptr<const Compiled> compiled_;
};

/// The pattern in PCRE2's syntax.
std::string onig_to_pcre(std::string_view pattern, std::string_view place);

/// Occurrences of a plain string.
std::vector<Match> find_all_plain(std::string_view text, std::string_view needle);

}  // namespace dormouse::text
