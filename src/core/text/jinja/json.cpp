// Values to and from JSON: the `tojson` filter, and the variables that the caller gives.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/text/jinja/value.h"
#include "core/text/unicode.h"

namespace dormouse::text::jinja {

namespace {

std::string escaped(char32_t c, bool ensure_ascii) {
  switch (c) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    case '\b':
      return "\\b";
    case '\f':
      return "\\f";
    default:
      break;
  }
  if (c < 0x20 || (ensure_ascii && c > 0x7E && c < 0x10000)) return fmt::format("\\u{:04x}", static_cast<uint32_t>(c));
  if (ensure_ascii && c >= 0x10000) {
    const uint32_t rest = static_cast<uint32_t>(c) - 0x10000;
    return fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + (rest >> 10), 0xDC00 + (rest & 0x3FF));
  }
  std::string out;
  append_character(out, c);
  return out;
}

void write_string(const Str& value, bool ensure_ascii, Str& out) {
  out.append("\"", false);
  for (std::size_t i = 0; i < value.text.size();) {
    const std::size_t begin = i;
    const char32_t c = next_character(value.text, i);
    out.append(escaped(c, ensure_ascii), value.from_message(begin));
  }
  out.append("\"", false);
}

class Writer {
 public:
  Writer(const JsonStyle& style, Str& out) : style_(style), out_(out) {
    item_separator_ = !style.item_separator.empty() ? style.item_separator : style.indent >= 0 ? "," : ", ";
    key_separator_ = !style.key_separator.empty() ? style.key_separator : ": ";
  }

  bool write(const Value& value, int level) {
    if (value.is_none()) return put("null");
    if (value.is_boolean()) return put(value.as_boolean() ? "true" : "false");
    if (value.is_integer()) return put(fmt::format("{}", value.as_integer()));
    if (value.is_real()) return put(real(value.as_real()));
    if (value.is_string()) return write_string(value.as_string(), style_.ensure_ascii, out_), true;
    if (value.is_list() && value.as_list().kind != List::Kind::kGenerator) return list(value.as_list(), level);
    if (value.is_dict()) return dict(value.as_dict(), level);
    return false;
  }

 private:
  bool put(std::string_view text) {
    out_.append(text, false);
    return true;
  }

  static std::string real(double number) {
    if (std::isnan(number)) return "NaN";
    if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
    return real_repr(number);
  }

  void new_line(int level) {
    if (style_.indent < 0) return;
    put("\n" + std::string(static_cast<std::size_t>(style_.indent * level), ' '));
  }

  bool list(const List& list, int level) {
    if (list.items.empty()) return put("[]");
    put("[");
    for (std::size_t i = 0; i < list.items.size(); ++i) {
      if (i > 0) put(item_separator_);
      new_line(level + 1);
      if (!write(list.items[i], level + 1)) return false;
    }
    new_line(level);
    return put("]");
  }

  bool key(const Value& value) {
    if (value.is_string()) return write_string(value.as_string(), style_.ensure_ascii, out_), true;
    if (!value.is_none() && !value.is_number()) return false;
    put("\"");
    write(value, 0);
    return put("\"");
  }

  bool dict(const Dict& dict, int level) {
    if (dict.items.empty()) return put("{}");
    auto items = dict.items;
    if (style_.sort_keys) {
      std::sort(items.begin(), items.end(),
                [](const auto& a, const auto& b) { return to_str(a.first).text < to_str(b.first).text; });
    }
    put("{");
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i > 0) put(item_separator_);
      new_line(level + 1);
      if (!key(items[i].first)) return false;
      put(key_separator_);
      if (!write(items[i].second, level + 1)) return false;
    }
    new_line(level);
    return put("}");
  }

  const JsonStyle& style_;
  Str& out_;
  std::string item_separator_, key_separator_;
};

}  // namespace

bool to_json(const Value& value, const JsonStyle& style, Str& out) { return Writer(style, out).write(value, 0); }

Value from_json(const OrderedJson& json) {
  switch (json.type()) {
    case OrderedJson::value_t::boolean:
      return Value::boolean(json.get<bool>());
    case OrderedJson::value_t::number_integer:
    case OrderedJson::value_t::number_unsigned:
      return Value::integer(json.get<int64_t>());
    case OrderedJson::value_t::number_float:
      return Value::real(json.get<double>());
    case OrderedJson::value_t::string:
      return Value::string(Str(replace_invalid_utf8(json.get<std::string>()), true));
    case OrderedJson::value_t::array: {
      std::vector<Value> items;
      for (const auto& item : json) items.push_back(from_json(item));
      return Value::list(std::move(items));
    }
    case OrderedJson::value_t::object: {
      Dict dict;
      for (const auto& [key, value] : json.items()) {
        dict.set(Value::string(Str(replace_invalid_utf8(key), true)), from_json(value));
      }
      return Value::dict(std::move(dict));
    }
    default:
      return Value::none();
  }
}

}  // namespace dormouse::text::jinja
