// The table of filters, and those that work on strings and numbers.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <map>

#include "core/base/error.h"
#include "core/text/jinja/interpreter.h"
#include "core/text/unicode.h"

namespace dormouse::text::jinja {

const Value* Arguments::get(std::size_t position, std::string_view name) const {
  if (position < positional.size()) return &positional[position];
  for (const auto& [given, value] : named) {
    if (given == name) return &value;
  }
  return nullptr;
}

Value Arguments::get_or(std::size_t position, std::string_view name, Value fallback) const {
  const Value* given = get(position, name);
  return given != nullptr ? *given : std::move(fallback);
}

int64_t Interpreter::need_integer(const Value& value, std::string_view what) const {
  if (!value.is_integer() && !value.is_boolean())
    fail(fmt::format("{}: expected an integer, found {}", what, value.type_name()));
  return value.as_integer();
}

const Str& Interpreter::need_string(const Value& value, std::string_view what) const {
  if (!value.is_string()) fail(fmt::format("{}: expected a string, found {}", what, value.type_name()));
  return value.as_string();
}

namespace {

Value trim(Interpreter& in, const Value& input, const Arguments& arguments) {
  const Value characters = arguments.get_or(0, "chars", Value::none());
  const Str* set = characters.is_none() ? nullptr : &in.need_string(characters, "trim");
  return in.new_string(stripped(to_str(input), set, true, true));
}

template <std::string (*kChange)(std::string_view)>
Value change_case(Interpreter& in, const Value& input, const Arguments&) {
  return in.new_string(with_runs(to_str(input), kChange));
}

Value capitalize(Interpreter& in, const Value& input, const Arguments&) {
  return in.new_string(capitalized_str(to_str(input)));
}

// Unlike str.title, a word begins only behind a space, a hyphen or an opening bracket.
Value title(Interpreter& in, const Value& input, const Arguments&) {
  const Str text = to_str(input);
  Str out;
  bool begins = true;
  for (std::size_t i = 0; i < text.text.size();) {
    const std::size_t begin = i;
    const char32_t c = next_character(text.text, i);
    const std::string_view one = std::string_view(text.text).substr(begin, i - begin);
    out.append(begins ? upper(one) : lower(one), text.from_message(begin));
    begins = is_python_space(c) || c == '-' || c == '(' || c == '{' || c == '[' || c == '<';
  }
  return in.new_string(std::move(out));
}

Value string(Interpreter& in, const Value& input, const Arguments&) {
  return input.is_string() ? input : in.new_string(to_str(input));
}

Value escape(Interpreter& in, const Value& input, const Arguments&) {
  const Str text = to_str(input);
  Str out;
  for (std::size_t i = 0; i < text.text.size(); ++i) {
    const char c = text.text[i];
    const char* entity = c == '&'    ? "&amp;"
                         : c == '<'  ? "&lt;"
                         : c == '>'  ? "&gt;"
                         : c == '\'' ? "&#39;"
                         : c == '"'  ? "&#34;"
                                     : nullptr;
    out.append(entity != nullptr ? std::string_view(entity) : std::string_view(&c, 1), text.from_message(i));
  }
  return in.new_string(std::move(out));
}

Value replace(Interpreter& in, const Value& input, const Arguments& arguments) {
  const Value* from = arguments.get(0, "old");
  const Value* to = arguments.get(1, "new");
  if (from == nullptr || to == nullptr) in.fail("`replace` needs two arguments");
  const Value count = arguments.get_or(2, "count", Value::none());
  const int64_t limit = count.is_none() ? -1 : in.need_integer(count, "count");
  return in.new_string(replaced(in, to_str(input), to_str(*from), to_str(*to), limit < 0 ? INT64_MAX : limit));
}

Value indent(Interpreter& in, const Value& input, const Arguments& arguments) {
  const Value width = arguments.get_or(0, "width", Value::integer(4));
  const bool first = arguments.get_or(1, "first", Value::boolean(false)).truthy();
  const bool blank = arguments.get_or(2, "blank", Value::boolean(false)).truthy();
  const int64_t count = width.is_string() ? 0 : in.need_integer(width, "width");
  if (count > 1000) in.fail("`indent`: a width of more than 1000");
  const Str space = width.is_string() ? width.as_string() : Str(std::string(std::max<int64_t>(count, 0), ' '));
  Str text = to_str(input);
  text.append("\n", false);
  const auto lines = split_lines(text);
  Str out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) out.append("\n", false);
    if (i == 0 ? first : (blank || !lines[i].text.empty())) out.append(space);
    out.append(lines[i]);
    in.charge(space.text.size());
  }
  return in.new_string(std::move(out));
}

Value center(Interpreter& in, const Value& input, const Arguments& arguments) {
  const Str text = to_str(input);
  const int64_t width = in.need_integer(arguments.get_or(0, "width", Value::integer(80)), "width");
  const auto size = static_cast<int64_t>(count_characters(text.text));
  const int64_t space = std::clamp<int64_t>(width - size, 0, 10000);
  const int64_t left = space / 2 + (space & width & 1);
  Str out(std::string(left, ' '));
  out.append(text);
  out.append(std::string(space - left, ' '), false);
  return in.new_string(std::move(out));
}

Value wordcount(Interpreter&, const Value& input, const Arguments&) {
  const Str text = to_str(input);
  int64_t count = 0;
  bool inside = false;
  for (std::size_t i = 0; i < text.text.size();) {
    const bool word = is_word(next_character(text.text, i));
    count += word && !inside ? 1 : 0;
    inside = word;
  }
  return Value::integer(count);
}

Value format(Interpreter& in, const Value& input, const Arguments& arguments) {
  return in.new_string(formatted(in, to_str(input), arguments.positional));
}

// A Python literal: blanks around it, a sign, and single underscores between digits.
bool parse_integer(std::string text, int base, int64_t& number) {
  const Str trimmed = stripped(Str(std::move(text)), nullptr, true, true);
  std::string plain = trimmed.text;
  for (std::size_t i = plain.find('_'); i != std::string::npos; i = plain.find('_', i)) {
    const bool between =
        i > 0 && i + 1 < plain.size() && plain[i - 1] != '-' && plain[i - 1] != '+' && plain[i + 1] != '_';
    if (!between) return false;
    plain.erase(i, 1);
  }
  std::string_view digits = plain;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
  return !digits.empty() && result.ec == std::errc() && result.ptr == digits.data() + digits.size();
}

bool parse_real(std::string text, double& number) {
  const Str trimmed = stripped(Str(std::move(text)), nullptr, true, true);
  if (trimmed.text.empty() || trimmed.text.find_first_of("xX") != std::string::npos) return false;
  char* end = nullptr;
  number = std::strtod(trimmed.text.c_str(), &end);
  return end == trimmed.text.c_str() + trimmed.text.size();
}

Value integer(Interpreter& in, const Value& input, const Arguments& arguments) {
  const Value fallback = arguments.get_or(0, "default", Value::integer(0));
  const int64_t base = in.need_integer(arguments.get_or(1, "base", Value::integer(10)), "base");
  if (base < 2 || base > 36) in.fail("`int`: the base must be from 2 to 36");
  if (input.is_integer() || input.is_boolean()) return Value::integer(input.as_integer());
  double real = 0;
  if (input.is_string()) {
    int64_t number = 0;
    if (parse_integer(input.as_string().text, static_cast<int>(base), number)) return Value::integer(number);
    if (!parse_real(input.as_string().text, real)) return fallback;
  } else if (input.is_real()) {
    real = input.as_real();
  } else {
    return fallback;
  }
  return std::fabs(real) < 9e18 ? Value::integer(static_cast<int64_t>(real)) : fallback;
}

Value real(Interpreter&, const Value& input, const Arguments& arguments) {
  if (input.is_number()) return Value::real(input.as_real());
  double number = 0;
  if (input.is_string() && parse_real(input.as_string().text, number)) return Value::real(number);
  return arguments.get_or(0, "default", Value::real(0));
}

Value absolute(Interpreter& in, const Value& input, const Arguments&) {
  if (!input.is_number()) in.fail("`abs` needs a number");
  if (input.is_real()) return Value::real(std::fabs(input.as_real()));
  return input.as_integer() < 0 ? in.binary("-", Value::integer(0), input) : input;
}

Value round(Interpreter& in, const Value& input, const Arguments& arguments) {
  if (!input.is_number()) in.fail("`round` needs a number");
  const int64_t digits = in.need_integer(arguments.get_or(0, "precision", Value::integer(0)), "precision");
  const Value method = arguments.get_or(1, "method", Value::string(std::string("common")));
  const std::string& name = in.need_string(method, "method").text;
  if (digits < 0 || digits > 15) in.fail("`round`: a precision from 0 to 15 is known");
  const double scale = std::pow(10.0, static_cast<double>(digits)), value = input.as_real();
  if (name == "ceil") return Value::real(std::ceil(value * scale) / scale);
  if (name == "floor") return Value::real(std::floor(value * scale) / scale);
  if (name != "common") in.fail("`round`: method must be common, ceil or floor");
  if (!input.is_real()) return Value::integer(input.as_integer());
  // Through the decimal form, which rounds the exact value half to even, as Python does.
  return Value::real(std::strtod(fmt::format("{:.{}f}", value, digits).c_str(), nullptr));
}

Value tojson(Interpreter& in, const Value& input, const Arguments& arguments) {
  JsonStyle style;
  style.ensure_ascii = arguments.get_or(0, "ensure_ascii", Value::boolean(false)).truthy();
  const Value indentation = arguments.get_or(1, "indent", Value::none());
  if (!indentation.is_none())
    style.indent = static_cast<int>(std::clamp<int64_t>(in.need_integer(indentation, "indent"), 0, 100));
  const Value separators = arguments.get_or(2, "separators", Value::none());
  if (separators.is_list() && separators.as_list().items.size() == 2) {
    style.item_separator = in.need_string(separators.as_list().items[0], "separators").text;
    style.key_separator = in.need_string(separators.as_list().items[1], "separators").text;
  } else if (!separators.is_none()) {
    in.fail("`tojson`: separators must be a pair of strings");
  }
  style.sort_keys = arguments.get_or(3, "sort_keys", Value::boolean(false)).truthy();
  Str out;
  if (!to_json(input, style, out)) in.fail(fmt::format("a value of type {} has no JSON form", input.type_name()));
  return in.new_string(std::move(out));
}

Value fallback_value(Interpreter&, const Value& input, const Arguments& arguments) {
  const bool falsy_too = arguments.get_or(1, "boolean", Value::boolean(false)).truthy();
  const bool missing = input.is_undefined() || (falsy_too && !input.truthy());
  return missing ? arguments.get_or(0, "default_value", Value::string(std::string())) : input;
}

using FilterTable = std::map<std::string, Filter>;

const FilterTable& filters() {
  static const FilterTable table = [] {
    FilterTable all;
    for (const auto& row : text_filters()) all.emplace(row.name, row.filter);
    for (const auto& row : list_filters()) all.emplace(row.name, row.filter);
    return all;
  }();
  return table;
}

}  // namespace

const std::vector<FilterRow>& text_filters() {
  static const std::vector<FilterRow> rows = {
      {"abs", absolute},
      {"capitalize", capitalize},
      {"center", center},
      {"d", fallback_value},
      {"default", fallback_value},
      {"e", escape},
      {"escape", escape},
      {"float", real},
      {"forceescape", escape},
      {"format", format},
      {"indent", indent},
      {"int", integer},
      {"lower", change_case<lower>},
      {"replace", replace},
      {"round", round},
      {"safe", string},
      {"string", string},
      {"title", title},
      {"tojson", tojson},
      {"trim", trim},
      {"upper", change_case<upper>},
      {"wordcount", wordcount},
  };
  return rows;
}

const std::vector<std::string>& filter_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& [name, filter] : filters()) all.push_back(name);
    return all;
  }();
  return names;
}

Value apply_filter(Interpreter& interpreter, const std::string& name, const Value& input, const Arguments& arguments) {
  const auto found = filters().find(name);
  if (found == filters().end()) interpreter.fail(unknown_name("filter", name, filter_names()));
  interpreter.charge(0);
  return found->second(interpreter, input, arguments);
}

}  // namespace dormouse::text::jinja
