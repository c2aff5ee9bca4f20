// The tokenizer of a model, read from `tokenizer.json` as data: added tokens, normalizer, pre-tokenizer,
// byte-pair encoding, decoder. Ids equal those of Python's `tokenizers` for every component it knows; a
// component that it does not know is refused. Special tokens are never recognised in bytes that came from a
// message.
//
// Input bytes that are not valid UTF-8 become U+FFFD, one for each maximal ill-formed part, as Python's
// bytes.decode("utf-8", "replace") does. Truncation and padding settings of the file are not used.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/text/message.h"

namespace dormouse::text {

/// What a GGUF file holds about its tokenizer (model "gpt2": byte-level BPE).
struct GgufVocabulary {
  std::vector<std::string> tokens;
  std::vector<int32_t> types;       // 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte
  std::vector<std::string> merges;  // "a b"
  std::string pre;                  // tokenizer.ggml.pre: names the pre-tokenizer
  int32_t bos = -1, eos = -1, unknown = -1, padding = -1;
  bool add_bos = false;
};

/// Immutable; copies share their tables. All methods may be called from many threads at once.
class Tokenizer {
 public:
  /// Throws kInput naming `place` and the component if the file is malformed or asks for something unknown.
  static Tokenizer from_json(const Json& tokenizer_json, std::string_view place);

  /// Makes the equivalent tokenizer.json and reads that. Throws kInput on an unknown `pre` tag.
  static Tokenizer from_gguf(const GgufVocabulary& vocabulary, std::string_view place);

  /// The tokenizer.json this was made from; Python's `tokenizers` loads it with equal ids.
  const Json& json() const;

  /// Text of a user: special tokens are not recognised. Adds no BOS or EOS.
  std::vector<int32_t> encode(std::string_view text) const;

  /// Trusted text: every added token is recognised, as Python's encode(text, add_special_tokens=False) does.
  std::vector<int32_t> encode_special(std::string_view text) const;

  /// A rendered prompt: special tokens only where the match lies wholly in bytes of the template.
  std::vector<int32_t> encode(std::span<const TextPiece> pieces) const;

  /// Bytes; may end inside a character, and then `replace_invalid_utf8` gives Python's text. Unknown ids are
  /// skipped.
  std::string decode(std::span<const int32_t> ids, bool skip_special = true) const;

  /// The token as the vocabulary spells it (a byte-level vocabulary spells a space as U+0120); "" if there is
  /// none.
  std::string token_text(int32_t id) const;
  /// The inverse of `token_text`.
  std::optional<int32_t> id_of(std::string_view token) const;

  /// One more than the largest id.
  int32_t vocab_size() const;
  bool is_special(int32_t id) const;
  /// All special ids, ascending.
  std::span<const int32_t> special_ids() const;

  /// What the file's post-processor puts around a single text (BOS, EOS); chat templates write these
  /// themselves.
  std::span<const int32_t> document_prefix() const;
  std::span<const int32_t> document_suffix() const;

 private:
  struct State;
  explicit Tokenizer(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

/// Turns sampled ids into text as they come, giving only whole characters; invalid bytes become U+FFFD.
class StreamDecoder {
 public:
  explicit StreamDecoder(Tokenizer tokenizer, bool skip_special = true)
      : tokenizer_(std::move(tokenizer)), skip_special_(skip_special) {}

  /// The text that became certain with this token; may be empty.
  std::string push(int32_t id);
  /// What is left at the end of the stream.
  std::string finish();

 private:
  Tokenizer tokenizer_;
  bool skip_special_;
  std::optional<int32_t> previous_;  // decoders treat the first token of a text apart, so one token of context is kept
  std::string pending_;
};

}  // namespace dormouse::text
