#include "core/text/jinja/value.h"

#include <fmt/format.h>

#include <cmath>

#include "core/text/jinja/builtins.h"
#include "core/text/unicode.h"

namespace dormouse::text::jinja {

Str Str::slice(std::size_t begin, std::size_t end) const {
  Str out;
  out.text = text.substr(begin, end - begin);
  if (!marks.empty()) out.marks = marks.substr(begin, end - begin);
  return out;
}

void Str::append(const Str& other) {
  if (other.text.empty()) return;
  if (marks.empty() && !other.marks.empty()) marks.assign(text.size(), '\0');
  if (!marks.empty() || !other.marks.empty()) {
    other.marks.empty() ? marks.append(other.text.size(), '\0') : marks.append(other.marks);
  }
  text += other.text;
}

void Str::append(std::string_view bytes, bool from_message) {
  if (bytes.empty()) return;
  if (marks.empty() && from_message) marks.assign(text.size(), '\0');
  if (!marks.empty() || from_message) marks.append(bytes.size(), from_message ? '\1' : '\0');
  text += bytes;
}

Value Value::list(std::vector<Value> items, List::Kind kind) {
  auto made = std::make_shared<List>();
  for (const Value& item : items) made->depth = std::max(made->depth, item.depth() + 1);
  made->items = std::move(items);
  made->kind = kind;
  return Value(Storage(std::move(made)));
}

Value Value::dict(Dict members) { return Value(Storage(std::make_shared<const Dict>(std::move(members)))); }

int Value::depth() const {
  if (is_list()) return as_list().depth;
  if (is_dict()) return as_dict().depth;
  if (is_loop()) return as_loop().nesting;
  if (is_callable()) return as_callable().depth;
  return 0;
}

bool Value::truthy() const {
  if (is_undefined() || is_none()) return false;
  if (is_boolean()) return as_boolean();
  if (is_integer()) return as_integer() != 0;
  if (is_real()) return as_real() != 0;
  if (is_string()) return !as_string().text.empty();
  if (is_list()) return as_list().kind == List::Kind::kGenerator || !as_list().items.empty();
  if (is_dict()) return !as_dict().items.empty();
  return true;
}

const char* Value::type_name() const {
  if (is_undefined()) return "undefined";
  if (is_none()) return "None";
  if (is_boolean()) return "bool";
  if (is_integer()) return "int";
  if (is_real()) return "float";
  if (is_string()) return "str";
  if (is_list()) {
    const auto kind = as_list().kind;
    return kind == List::Kind::kList ? "list" : kind == List::Kind::kTuple ? "tuple" : "generator";
  }
  if (is_dict()) return "dict";
  if (is_namespace()) return "namespace";
  return is_loop() ? "loop" : "function";
}

std::string key_text(const Value& value) {
  if (value.is_string()) return "s" + value.as_string().text;
  if (value.is_none()) return "n";
  if (value.is_boolean() || value.is_integer()) return fmt::format("i{}", value.as_integer());
  if (value.is_real()) {
    const double number = value.as_real();
    const bool whole = std::floor(number) == number && std::fabs(number) < 1e15;
    return whole ? fmt::format("i{}", static_cast<int64_t>(number)) : fmt::format("r{}", number);
  }
  if (!value.is_list() || value.as_list().kind != List::Kind::kTuple) return {};
  std::string key = "t";
  for (const Value& item : value.as_list().items) {
    const std::string part = key_text(item);
    if (part.empty()) return {};
    key += fmt::format("{}:{}", part.size(), part);
  }
  return key;
}

void Dict::set(const Value& key, Value value) {
  depth = std::max({depth, value.depth() + 1, key.depth() + 1});
  const auto [place, fresh] = index_.emplace(key_text(key), items.size());
  if (fresh) {
    items.emplace_back(key, std::move(value));
  } else {
    items[place->second].second = std::move(value);
  }
}

const Value* Dict::find(const Value& key) const {
  const auto found = index_.find(key_text(key));
  return found == index_.end() ? nullptr : &items[found->second].second;
}

const Value* Dict::find(std::string_view key) const {
  const auto found = index_.find("s" + std::string(key));
  return found == index_.end() ? nullptr : &items[found->second].second;
}

namespace {

bool equal_lists(const List& a, const List& b) {
  if (a.kind != b.kind || a.items.size() != b.items.size()) return false;
  if (a.kind == List::Kind::kGenerator) return &a == &b;
  for (std::size_t i = 0; i < a.items.size(); ++i) {
    if (!equal(a.items[i], b.items[i])) return false;
  }
  return true;
}

bool equal_dicts(const Dict& a, const Dict& b) {
  if (a.items.size() != b.items.size()) return false;
  for (const auto& [key, value] : a.items) {
    const Value* other = b.find(key);
    if (other == nullptr || !equal(value, *other)) return false;
  }
  return true;
}

std::string escaped_character(char32_t c, char quote) {
  if (c == '\n') return "\\n";
  if (c == '\r') return "\\r";
  if (c == '\t') return "\\t";
  if (c == '\\') return "\\\\";
  if (c == static_cast<char32_t>(quote)) return std::string("\\") + quote;
  if (is_printable(c)) {
    std::string out;
    append_character(out, c);
    return out;
  }
  if (c < 0x100) return fmt::format("\\x{:02x}", static_cast<uint32_t>(c));
  if (c < 0x10000) return fmt::format("\\u{:04x}", static_cast<uint32_t>(c));
  return fmt::format("\\U{:08x}", static_cast<uint32_t>(c));
}

Str string_repr(const Str& value) {
  const bool single = value.text.find('\'') != std::string::npos && value.text.find('"') == std::string::npos;
  const char quote = single ? '"' : '\'';
  Str out(std::string(1, quote));
  for (std::size_t i = 0; i < value.text.size();) {
    const std::size_t begin = i;
    const char32_t c = next_character(value.text, i);
    out.append(escaped_character(c, quote), value.from_message(begin));
  }
  out.append(std::string_view(&quote, 1), false);
  return out;
}

Str list_repr(const List& list) {
  if (list.kind == List::Kind::kGenerator) return Str("<generator>");
  const bool tuple = list.kind == List::Kind::kTuple;
  Str out(tuple ? "(" : "[");
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    if (i > 0) out.append(", ", false);
    out.append(to_repr(list.items[i]));
  }
  out.append(tuple ? (list.items.size() == 1 ? ",)" : ")") : "]", false);
  return out;
}

Str dict_repr(const Dict& dict) {
  Str out("{");
  bool first = true;
  for (const auto& [key, value] : dict.items) {
    if (!first) out.append(", ", false);
    first = false;
    out.append(to_repr(key));
    out.append(": ", false);
    out.append(to_repr(value));
  }
  out.append("}", false);
  return out;
}

}  // namespace

bool equal(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) {
    if (a.is_real() || b.is_real()) return a.as_real() == b.as_real();
    return a.as_integer() == b.as_integer();
  }
  if (a.is_string() && b.is_string()) return a.as_string().text == b.as_string().text;
  if (a.is_list() && b.is_list()) return equal_lists(a.as_list(), b.as_list());
  if (a.is_dict() && b.is_dict()) return equal_dicts(a.as_dict(), b.as_dict());
  if (a.is_undefined() || a.is_none()) return a.storage().index() == b.storage().index();
  if (a.is_namespace() && b.is_namespace()) return a.as_namespace() == b.as_namespace();
  if (a.is_loop() && b.is_loop()) return &a.as_loop() == &b.as_loop();
  if (a.is_callable() && b.is_callable()) return &a.as_callable() == &b.as_callable();
  return false;
}

std::string real_repr(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

Str to_str(const Value& value) { return value.is_string() ? value.as_string() : to_repr(value); }

Str to_repr(const Value& value) {
  if (value.is_undefined()) return Str();
  if (value.is_none()) return Str("None");
  if (value.is_boolean()) return Str(value.as_boolean() ? "True" : "False");
  if (value.is_integer()) return Str(fmt::format("{}", value.as_integer()));
  if (value.is_real()) return Str(real_repr(value.as_real()));
  if (value.is_string()) return string_repr(value.as_string());
  if (value.is_list()) return list_repr(value.as_list());
  if (value.is_dict()) return dict_repr(value.as_dict());
  return Str(fmt::format("<{}>", value.type_name()));
}

}  // namespace dormouse::text::jinja
