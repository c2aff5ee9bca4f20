#include "core/text/unicode.h"

#include <utf8proc.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "core/base/error.h"

namespace dormouse::text {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

struct Scan {
  std::size_t length;  // bytes looked at that form the character or its longest valid beginning; at least 1
  bool complete;
  bool at_end;  // the text ended before the character did
};

// The permitted second bytes are narrower after some lead bytes (no overlong forms, no surrogates, no >
// U+10FFFF).
Scan scan_character(std::string_view bytes, std::size_t position) {
  const auto lead = static_cast<uint8_t>(bytes[position]);
  if (lead < 0x80) return {1, true, false};
  if (lead < 0xC2 || lead > 0xF4) return {1, false, false};
  const std::size_t wanted = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  uint8_t low = 0x80, high = 0xBF;
  if (lead == 0xE0) low = 0xA0;
  if (lead == 0xED) high = 0x9F;
  if (lead == 0xF0) low = 0x90;
  if (lead == 0xF4) high = 0x8F;
  for (std::size_t i = 1; i < wanted; ++i) {
    if (position + i >= bytes.size()) return {i, false, true};
    const auto byte = static_cast<uint8_t>(bytes[position + i]);
    if (byte < low || byte > high) return {i, false, false};
    low = 0x80;
    high = 0xBF;
  }
  return {wanted, true, false};
}

int category(char32_t character) { return utf8proc_category(static_cast<utf8proc_int32_t>(character)); }

bool is_letter_category(int c) {
  return c == UTF8PROC_CATEGORY_LU || c == UTF8PROC_CATEGORY_LL || c == UTF8PROC_CATEGORY_LT ||
         c == UTF8PROC_CATEGORY_LM || c == UTF8PROC_CATEGORY_LO;
}

bool is_mark_category(int c) {
  return c == UTF8PROC_CATEGORY_MN || c == UTF8PROC_CATEGORY_MC || c == UTF8PROC_CATEGORY_ME;
}

bool in_range(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }

// Characters whose upper case is more than one character (Unicode SpecialCasing, without the Greek iota
// forms).
struct LongUpper {
  char32_t character;
  std::string_view upper;
  std::string_view title;
};
constexpr std::array<LongUpper, 14> kLongUpper = {{
    {0x00DF, "SS", "Ss"},
    {0x0149, "\u02BCN", "\u02BCN"},
    {0x01F0, "J\u030C", "J\u030C"},
    {0x0390, "\u0399\u0308\u0301", "\u0399\u0308\u0301"},
    {0x03B0, "\u03A5\u0308\u0301", "\u03A5\u0308\u0301"},
    {0x0587, "\u0535\u0552", "\u0535\u0582"},
    {0x1E96, "H\u0331", "H\u0331"},
    {0xFB00, "FF", "Ff"},
    {0xFB01, "FI", "Fi"},
    {0xFB02, "FL", "Fl"},
    {0xFB03, "FFI", "Ffi"},
    {0xFB04, "FFL", "Ffl"},
    {0xFB05, "ST", "St"},
    {0xFB06, "ST", "St"},
}};

char32_t simple_lower(char32_t c) { return static_cast<char32_t>(utf8proc_tolower(static_cast<int32_t>(c))); }

void append_lower(std::string& out, char32_t c) {
  if (c == 0x0130) {
    out += "i\u0307";
  } else {
    append_character(out, simple_lower(c));
  }
}

void append_upper(std::string& out, char32_t c, bool title) {
  for (const auto& row : kLongUpper) {
    if (row.character == c) {
      out += title ? row.title : row.upper;
      return;
    }
  }
  const auto code = static_cast<int32_t>(c);
  append_character(out, static_cast<char32_t>(title ? utf8proc_totitle(code) : utf8proc_toupper(code)));
}

// Case-ignorable, near enough for the rule of the final sigma: marks, modifiers and the apostrophes inside
// words.
bool is_case_ignorable(char32_t c) {
  const int kind = category(c);
  return is_mark_category(kind) || kind == UTF8PROC_CATEGORY_LM || kind == UTF8PROC_CATEGORY_SK ||
         kind == UTF8PROC_CATEGORY_CF || c == '\'' || c == 0x2019 || c == '.' || c == ':' || c == 0xB7;
}

bool final_sigma(std::string_view text, std::size_t begin, std::size_t end) {
  bool before = false;
  for (std::size_t i = begin; i > 0;) {
    do --i;
    while ((static_cast<uint8_t>(text[i]) & 0xC0) == 0x80);
    std::size_t at = i;
    const char32_t c = next_character(text, at);
    if (is_case_ignorable(c)) continue;
    before = is_cased_letter(c);
    break;
  }
  if (!before) return false;
  for (std::size_t i = end; i < text.size();) {
    const char32_t c = next_character(text, i);
    if (!is_case_ignorable(c)) return !is_cased_letter(c);
  }
  return true;
}

}  // namespace

char32_t next_character(std::string_view text, std::size_t& position) {
  const auto lead = static_cast<uint8_t>(text[position]);
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  DORMOUSE_ASSERT(position + length <= text.size());
  char32_t character = length == 1 ? lead : lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    character = (character << 6) | (static_cast<uint8_t>(text[position + i]) & 0x3FU);
  }
  position += length;
  return character;
}

void append_character(std::string& text, char32_t c) {
  if (c < 0x80) {
    text += static_cast<char>(c);
  } else if (c < 0x800) {
    text += static_cast<char>(0xC0 | (c >> 6));
    text += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    text += static_cast<char>(0xE0 | (c >> 12));
    text += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    text += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    text += static_cast<char>(0xF0 | (c >> 18));
    text += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    text += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    text += static_cast<char>(0x80 | (c & 0x3F));
  }
}

std::size_t count_characters(std::string_view text) {
  std::size_t count = 0;
  for (const char byte : text) count += (static_cast<uint8_t>(byte) & 0xC0) != 0x80 ? 1 : 0;
  return count;
}

bool is_valid_utf8(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size();) {
    const Scan scan = scan_character(bytes, i);
    if (!scan.complete) return false;
    i += scan.length;
  }
  return true;
}

std::string replace_invalid_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (std::size_t i = 0; i < bytes.size();) {
    const Scan scan = scan_character(bytes, i);
    text += scan.complete ? bytes.substr(i, scan.length) : kReplacement;
    i += scan.length;
  }
  return text;
}

std::size_t incomplete_tail(std::string_view bytes) {
  for (std::size_t back = 1; back <= 3 && back <= bytes.size(); ++back) {
    const std::size_t start = bytes.size() - back;
    if ((static_cast<uint8_t>(bytes[start]) & 0xC0) == 0x80) continue;
    const Scan scan = scan_character(bytes, start);
    return scan.at_end && scan.length == back ? back : 0;
  }
  return 0;
}

bool is_space(char32_t c) {
  return in_range(c, 9, 13) || c == ' ' || c == 0x85 || c == 0xA0 || c == 0x1680 || in_range(c, 0x2000, 0x200A) ||
         c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool is_python_space(char32_t c) { return is_space(c) || in_range(c, 0x1C, 0x1F); }

bool is_number(char32_t c) {
  const int kind = category(c);
  return kind == UTF8PROC_CATEGORY_ND || kind == UTF8PROC_CATEGORY_NL || kind == UTF8PROC_CATEGORY_NO;
}

bool is_punctuation(char32_t c) {
  if (c < 0x80) return in_range(c, 33, 47) || in_range(c, 58, 64) || in_range(c, 91, 96) || in_range(c, 123, 126);
  const int kind = category(c);
  return kind >= UTF8PROC_CATEGORY_PC && kind <= UTF8PROC_CATEGORY_PO;
}

bool is_word(char32_t c) {
  const int kind = category(c);
  if (is_letter_category(kind) || is_mark_category(kind)) return true;
  if (kind == UTF8PROC_CATEGORY_ND || kind == UTF8PROC_CATEGORY_NL || kind == UTF8PROC_CATEGORY_PC) return true;
  return c == 0x200C || c == 0x200D || in_range(c, 0x24B6, 0x24E9) || in_range(c, 0x1F130, 0x1F149) ||
         in_range(c, 0x1F150, 0x1F169) || in_range(c, 0x1F170, 0x1F189);
}

bool is_cased_letter(char32_t c) {
  const int kind = category(c);
  return kind == UTF8PROC_CATEGORY_LU || kind == UTF8PROC_CATEGORY_LL || kind == UTF8PROC_CATEGORY_LT;
}

bool is_alphabetic(char32_t c) { return is_letter_category(category(c)); }

bool is_printable(char32_t c) {
  const int kind = category(c);
  const bool separator = kind == UTF8PROC_CATEGORY_ZS || kind == UTF8PROC_CATEGORY_ZL || kind == UTF8PROC_CATEGORY_ZP;
  const bool other = kind == UTF8PROC_CATEGORY_CC || kind == UTF8PROC_CATEGORY_CF || kind == UTF8PROC_CATEGORY_CS ||
                     kind == UTF8PROC_CATEGORY_CO || kind == UTF8PROC_CATEGORY_CN;
  return c == ' ' || (!separator && !other);
}

std::string lower_simple(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) append_lower(out, next_character(text, i));
  return out;
}

std::string lower(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t begin = i;
    const char32_t c = next_character(text, i);
    if (c == 0x03A3 && final_sigma(text, begin, i)) {
      append_character(out, 0x03C2);
    } else {
      append_lower(out, c);
    }
  }
  return out;
}

std::string upper(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) append_upper(out, next_character(text, i), /*title=*/false);
  return out;
}

std::string capitalized(std::string_view text) {
  if (text.empty()) return {};
  std::size_t i = 0;
  std::string out;
  append_upper(out, next_character(text, i), /*title=*/true);
  const std::string lowered = lower(text);  // of the whole text: the final sigma looks at what comes before
  std::string first;
  append_lower(first, [&] {
    std::size_t at = 0;
    return next_character(text, at);
  }());
  return out + lowered.substr(first.size());
}

std::string titled(std::string_view text) {
  std::string out;
  const std::string lowered = lower(text);
  bool inside_word = false;
  std::size_t low = 0;
  for (std::size_t i = 0; i < text.size();) {
    const char32_t c = next_character(text, i);
    std::string as_lower;
    append_lower(as_lower, c);
    if (inside_word) {
      out += lowered.substr(low, as_lower.size());
    } else {
      append_upper(out, c, /*title=*/true);
    }
    low += as_lower.size();
    inside_word = is_cased_letter(c);
  }
  return out;
}

std::string normalized(std::string_view text, NormalForm form) {
  int options = UTF8PROC_STABLE;
  if (form == NormalForm::kNfc || form == NormalForm::kNfkc) options |= UTF8PROC_COMPOSE;
  if (form == NormalForm::kNfd || form == NormalForm::kNfkd) options |= UTF8PROC_DECOMPOSE;
  if (form == NormalForm::kNfkc || form == NormalForm::kNfkd) options |= UTF8PROC_COMPAT;
  utf8proc_uint8_t* result = nullptr;
  const auto size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                   &result, static_cast<utf8proc_option_t>(options));
  if (size < 0) fail_work("unicode", utf8proc_errmsg(size));
  std::string out(reinterpret_cast<const char*>(result), static_cast<std::size_t>(size));
  std::free(result);
  return out;
}

}  // namespace dormouse::text
