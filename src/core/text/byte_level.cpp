#include "core/text/byte_level.h"

#include <array>
#include <cstdint>

#include "core/text/unicode.h"

namespace dormouse::text {

namespace {

bool stands_for_itself(unsigned byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

struct Alphabet {
  std::array<std::string, 256> character;
  std::array<int16_t, 512> byte;  // of a code point, or -1

  Alphabet() {
    byte.fill(-1);
    char32_t next = 256;
    for (unsigned b = 0; b < 256; ++b) {
      const char32_t code = stands_for_itself(b) ? b : next++;
      append_character(character[b], code);
      byte[code] = static_cast<int16_t>(b);
    }
  }
};

const Alphabet& alphabet() {
  static const Alphabet table;
  return table;
}

}  // namespace

void append_byte_level(std::string& out, std::string_view bytes) {
  const Alphabet& table = alphabet();
  for (const char byte : bytes) out += table.character[static_cast<uint8_t>(byte)];
}

std::string to_byte_level(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  append_byte_level(out, bytes);
  return out;
}

std::string from_byte_level(std::string_view text) {
  const Alphabet& table = alphabet();
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const char32_t c = next_character(text, i);
    if (c >= table.byte.size() || table.byte[c] < 0) return std::string(text);
    out += static_cast<char>(table.byte[c]);
  }
  return out;
}

}  // namespace dormouse::text
