// Python's `%` on strings, for the conversions s, r, d, i, x, f, e and g.
#include <fmt/format.h>

#include <cstdio>

#include "core/text/jinja/interpreter.h"
#include "core/text/unicode.h"

namespace dormouse::text::jinja {

namespace {

struct Conversion {
  std::string flags;
  int width = 0, precision = -1;
  char kind = 0;
};

int read_number(const std::string& text, std::size_t& at) {
  int number = 0;
  while (at < text.size() && text[at] >= '0' && text[at] <= '9' && number < 1000)
    number = number * 10 + (text[at++] - '0');
  return number;
}

Conversion read_conversion(Interpreter& in, const std::string& text, std::size_t& at) {
  Conversion made;
  while (at < text.size() && std::string_view("-+ 0#").find(text[at]) != std::string_view::npos)
    made.flags += text[at++];
  made.width = read_number(text, at);
  if (at < text.size() && text[at] == '.') made.precision = read_number(text, ++at);
  if (made.width >= 1000 || made.precision >= 100) in.fail("a width or precision in the format is too large");
  if (at >= text.size()) in.fail("the format ends inside a conversion");
  made.kind = text[at++];
  if (std::string_view("srdixfeg%").find(made.kind) == std::string_view::npos) {
    in.fail(fmt::format("unknown conversion `%{}`; known: s, r, d, i, x, f, e, g, %", made.kind));
  }
  return made;
}

Str number_text(Interpreter& in, const Conversion& conversion, const Value& value) {
  if (!value.is_number()) in.fail(fmt::format("`%{}` needs a number, not {}", conversion.kind, value.type_name()));
  std::string spec = "%" + conversion.flags + (conversion.width > 0 ? std::to_string(conversion.width) : "");
  if (conversion.precision >= 0) spec += "." + std::to_string(conversion.precision);
  char buffer[2048];  // a width is below 1000, the largest number has 309 digits
  int size = 0;
  if (conversion.kind == 'd' || conversion.kind == 'i' || conversion.kind == 'x') {
    const double real = value.as_real();
    if (real > 9.2e18 || real < -9.2e18 || real != real) in.fail("a number of more than 64 bits in a format");
    const long long number = value.is_real() ? static_cast<long long>(real) : value.as_integer();
    size = std::snprintf(buffer, sizeof buffer, (spec + "ll" + conversion.kind).c_str(), number);
  } else {
    size = std::snprintf(buffer, sizeof buffer, (spec + conversion.kind).c_str(), value.as_real());
  }
  return Str(std::string(buffer, static_cast<std::size_t>(size)));
}

Str padded(const Conversion& conversion, Str text) {
  if (conversion.precision >= 0) {
    const auto starts = character_starts(text);
    const auto keep = std::min<std::size_t>(static_cast<std::size_t>(conversion.precision), starts.size() - 1);
    text = text.slice(0, starts[keep]);
  }
  const std::size_t size = count_characters(text.text), width = static_cast<std::size_t>(conversion.width);
  if (size >= width) return text;
  const std::string space(width - size, ' ');
  if (conversion.flags.find('-') != std::string::npos) {
    text.append(space, false);
    return text;
  }
  Str out(space);
  out.append(text);
  return out;
}

}  // namespace

Str formatted(Interpreter& in, const Str& format, const std::vector<Value>& arguments) {
  Str out;
  std::size_t used = 0;
  for (std::size_t at = 0; at < format.text.size();) {
    const std::size_t percent = std::min(format.text.find('%', at), format.text.size());
    out.append(format.slice(at, percent));
    if (percent == format.text.size()) break;
    at = percent + 1;
    const Conversion conversion = read_conversion(in, format.text, at);
    if (conversion.kind == '%') {
      out.append("%", format.from_message(percent));
      continue;
    }
    if (used >= arguments.size()) in.fail("not enough arguments for the format");
    const Value& value = arguments[used++];
    const bool text = conversion.kind == 's' || conversion.kind == 'r';
    Str part = !text                    ? number_text(in, conversion, value)
               : conversion.kind == 's' ? padded(conversion, to_str(value))
                                        : padded(conversion, to_repr(value));
    in.charge(part.text.size());
    out.append(part);
  }
  if (used < arguments.size()) in.fail("not all arguments of the format were used");
  return out;
}

}  // namespace dormouse::text::jinja
