// Operations on marked strings that filters and methods share.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/text/jinja/interpreter.h"
#include "core/text/unicode.h"

namespace dormouse::text::jinja {

std::vector<std::size_t> character_starts(const Str& value) {
  std::vector<std::size_t> starts;
  for (std::size_t i = 0; i < value.text.size(); ++i) {
    if ((static_cast<unsigned char>(value.text[i]) & 0xC0) != 0x80) starts.push_back(i);
  }
  starts.push_back(value.text.size());
  return starts;
}

Str stripped(const Str& value, const Str* characters, bool left, bool right) {
  const auto drops = [&](std::size_t begin, std::size_t end) {
    std::size_t at = begin;
    if (characters == nullptr) return is_python_space(next_character(value.text, at));
    return characters->text.find(value.text.substr(begin, end - begin)) != std::string::npos;
  };
  std::size_t begin = 0, end = value.text.size();
  while (left && begin < end) {
    std::size_t behind = begin;
    next_character(value.text, behind);
    if (!drops(begin, behind)) break;
    begin = behind;
  }
  while (right && end > begin) {
    std::size_t before = end;
    do --before;
    while ((static_cast<unsigned char>(value.text[before]) & 0xC0) == 0x80);
    if (!drops(before, end)) break;
    end = before;
  }
  return value.slice(begin, end);
}

// Text that stands for bytes of a message counts as the message's: it must not become a special token.
Str replaced(Interpreter& interpreter, const Str& value, const Str& from, const Str& to, int64_t limit) {
  if (from.text.empty()) interpreter.fail("cannot replace an empty string");
  Str out;
  std::size_t last = 0;
  std::size_t at = value.text.find(from.text);
  for (int64_t n = 0; at != std::string::npos && n < limit; ++n) {
    const Str matched = value.slice(at, at + from.text.size());
    out.append(value.slice(last, at));
    if (matched.any_mark()) {
      out.append(to.text, true);
    } else {
      out.append(to);
    }
    interpreter.charge(to.text.size());
    last = at + from.text.size();
    at = value.text.find(from.text, last);
  }
  out.append(value.slice(last, value.text.size()));
  return out;
}

Str with_runs(const Str& value, std::string (*change)(std::string_view)) {
  Str out;
  for (std::size_t begin = 0; begin < value.text.size();) {
    std::size_t end = begin + 1;
    while (end < value.text.size() && value.from_message(end) == value.from_message(begin)) ++end;
    out.append(change(std::string_view(value.text).substr(begin, end - begin)), value.from_message(begin));
    begin = end;
  }
  return out;
}

namespace {

bool one_source(const Str& value) { return !value.any_mark() || value.marks.find('\0') == std::string::npos; }

}  // namespace

Str capitalized_str(const Str& value) {
  if (value.text.empty()) return value;
  if (one_source(value)) return Str(capitalized(value.text), value.from_message(0));
  const std::size_t first = character_starts(value)[1];
  Str out(capitalized(std::string_view(value.text).substr(0, first)), value.from_message(0));
  out.append(with_runs(value.slice(first, value.text.size()), lower));
  return out;
}

Str titled_str(const Str& value) {
  if (!value.text.empty() && one_source(value)) return Str(titled(value.text), value.from_message(0));
  Str out;
  bool inside = false;
  for (std::size_t i = 0; i < value.text.size();) {
    const std::size_t begin = i;
    const char32_t c = next_character(value.text, i);
    const std::string_view one = std::string_view(value.text).substr(begin, i - begin);
    out.append(inside ? lower(one) : titled(one), value.from_message(begin));
    inside = is_cased_letter(c);
  }
  return out;
}

std::vector<Str> split_lines(const Str& value) {
  std::vector<Str> lines;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < value.text.size();) {
    const std::size_t here = i;
    const char32_t c = next_character(value.text, i);
    const bool ends = (c >= 0x0A && c <= 0x0D) || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 || c == 0x2029;
    if (!ends) continue;
    if (c == '\r' && i < value.text.size() && value.text[i] == '\n') ++i;
    lines.push_back(value.slice(begin, here));
    begin = i;
  }
  if (begin < value.text.size()) lines.push_back(value.slice(begin, value.text.size()));
  return lines;
}

}  // namespace dormouse::text::jinja
