// The byte-level alphabet of GPT-2: each byte has a printable character that stands for it in the vocabulary.
#pragma once

#include <string>
#include <string_view>

namespace dormouse::text {

/// Each byte as its character, in UTF-8.
std::string to_byte_level(std::string_view bytes);
void append_byte_level(std::string& out, std::string_view bytes);

/// The inverse; a text with a character outside the alphabet is returned as it is.
std::string from_byte_level(std::string_view text);

}  // namespace dormouse::text
