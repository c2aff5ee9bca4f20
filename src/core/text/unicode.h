// UTF-8 and the few character properties that tokenizers and chat templates ask for (utf8proc's Unicode
// tables).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dormouse::text {

/// Reads the character at `position` of valid UTF-8 and moves `position` behind it.
char32_t next_character(std::string_view text, std::size_t& position);

void append_character(std::string& text, char32_t character);

/// Number of characters of valid UTF-8.
std::size_t count_characters(std::string_view text);

bool is_valid_utf8(std::string_view bytes);

/// Valid UTF-8: each maximal ill-formed part becomes one U+FFFD, as Python's bytes.decode("utf-8", "replace")
/// does.
std::string replace_invalid_utf8(std::string_view bytes);

/// Bytes at the end that begin a character without ending it (0 to 3): to be kept until more bytes come.
std::size_t incomplete_tail(std::string_view bytes);

bool is_space(char32_t character);         // White_Space
bool is_python_space(char32_t character);  // str.isspace: White_Space and U+001C to U+001F
bool is_number(char32_t character);        // categories Nd, Nl, No
bool is_punctuation(char32_t character);   // ASCII punctuation and the P categories
bool is_word(char32_t character);          // \w: alphabetic, marks, decimal digits, connectors, joiners
bool is_cased_letter(char32_t character);  // Lu, Ll, Lt
bool is_alphabetic(char32_t character);    // str.isalpha: the L categories
bool is_printable(char32_t character);     // str.isprintable

/// Character by character, without context: what Rust's char::to_lowercase does.
std::string lower_simple(std::string_view text);

/// Python's str.lower, str.upper, str.capitalize and str.title.
std::string lower(std::string_view text);
std::string upper(std::string_view text);
std::string capitalized(std::string_view text);
std::string titled(std::string_view text);

enum class NormalForm { kNfc, kNfd, kNfkc, kNfkd };
std::string normalized(std::string_view text, NormalForm form);

}  // namespace dormouse::text
