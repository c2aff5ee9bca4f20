// Methods of strings, dicts and lists.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "core/text/jinja/interpreter.h"
#include "core/text/unicode.h"

namespace dormouse::text::jinja {

Value bound(const Value& self, const std::string& name, Method method) {
  auto callable = std::make_shared<Callable>();
  callable->name = name;
  callable->depth = self.depth() + 1;
  callable->call = [self, method](Interpreter& interpreter, const Arguments& arguments) {
    return method(interpreter, self, arguments);
  };
  return Value(Value::Storage(std::shared_ptr<const Callable>(std::move(callable))));
}

namespace {

const Str* characters_argument(Interpreter& in, const Arguments& arguments) {
  const Value* given = arguments.get(0, "chars");
  return given == nullptr || given->is_none() ? nullptr : &in.need_string(*given, "the characters to strip");
}

template <bool kLeft, bool kRight>
Value strip(Interpreter& in, const Value& self, const Arguments& arguments) {
  return in.new_string(stripped(self.as_string(), characters_argument(in, arguments), kLeft, kRight));
}

template <std::string (*kChange)(std::string_view)>
Value change_case(Interpreter& in, const Value& self, const Arguments&) {
  return in.new_string(with_runs(self.as_string(), kChange));
}

int64_t limit_argument(Interpreter& in, const Arguments& arguments, std::size_t position, std::string_view name) {
  const Value* given = arguments.get(position, name);
  const int64_t limit = given == nullptr ? -1 : in.need_integer(*given, name);
  return limit < 0 ? std::numeric_limits<int64_t>::max() : limit;
}

std::vector<Value> split_at_spaces(const Str& text, int64_t limit) {
  std::vector<Value> parts;
  std::size_t begin = std::string::npos;
  for (std::size_t i = 0; i < text.text.size();) {
    const std::size_t here = i;
    const bool space = is_python_space(next_character(text.text, i));
    if (!space && begin == std::string::npos) {
      begin = here;
      if (static_cast<int64_t>(parts.size()) == limit) break;
    } else if (space && begin != std::string::npos) {
      parts.push_back(Value::string(text.slice(begin, here)));
      begin = std::string::npos;
    }
  }
  if (begin == std::string::npos) return parts;
  parts.push_back(Value::string(text.slice(begin, text.text.size())));
  return parts;
}

// From the left (split) or from the right (rsplit), at most `limit` cuts.
std::vector<Value> split_at_text(const Str& text, const std::string& separator, int64_t limit, bool from_right) {
  std::vector<std::size_t> cuts;
  std::size_t at = from_right ? text.text.rfind(separator) : text.text.find(separator);
  while (at != std::string::npos && static_cast<int64_t>(cuts.size()) < limit) {
    cuts.push_back(at);
    if (from_right && at < separator.size()) break;
    at = from_right ? text.text.rfind(separator, at - separator.size())
                    : text.text.find(separator, at + separator.size());
  }
  if (from_right) std::reverse(cuts.begin(), cuts.end());
  std::vector<Value> parts;
  std::size_t begin = 0;
  for (const std::size_t cut : cuts) {
    parts.push_back(Value::string(text.slice(begin, cut)));
    begin = cut + separator.size();
  }
  parts.push_back(Value::string(text.slice(begin, text.text.size())));
  return parts;
}

template <bool kFromRight>
Value split(Interpreter& in, const Value& self, const Arguments& arguments) {
  const Str& text = self.as_string();
  const int64_t limit = limit_argument(in, arguments, 1, "maxsplit");
  const Value* separator = arguments.get(0, "sep");
  in.charge(text.text.size() * 2);
  if (separator == nullptr || separator->is_none()) {
    if (kFromRight && limit != std::numeric_limits<int64_t>::max()) in.fail("`rsplit` needs a separator here");
    return in.new_list(split_at_spaces(text, limit));
  }
  const Str& at = in.need_string(*separator, "the separator");
  if (at.text.empty()) in.fail("empty separator");
  return in.new_list(split_at_text(text, at.text, limit, kFromRight));
}

Value splitlines(Interpreter& in, const Value& self, const Arguments& arguments) {
  if (!arguments.positional.empty() || !arguments.named.empty()) in.fail("`splitlines` takes no arguments here");
  std::vector<Value> lines;
  for (Str& line : split_lines(self.as_string())) lines.push_back(in.new_string(std::move(line)));
  return in.new_list(std::move(lines));
}

template <bool kStart>
Value has_affix(Interpreter& in, const Value& self, const Arguments& arguments) {
  const std::string& text = self.as_string().text;
  const Value affix = arguments.get_or(0, "prefix", Value());
  const std::vector<Value> choices = affix.is_list() ? affix.as_list().items : std::vector<Value>{affix};
  for (const Value& choice : choices) {
    const std::string& wanted = in.need_string(choice, kStart ? "startswith" : "endswith").text;
    if (kStart ? text.starts_with(wanted) : text.ends_with(wanted)) return Value::boolean(true);
  }
  return Value::boolean(false);
}

template <bool kPrefix>
Value remove_affix(Interpreter& in, const Value& self, const Arguments& arguments) {
  const Str& text = self.as_string();
  const std::string& affix = in.need_string(arguments.get_or(0, "prefix", Value()), "the affix").text;
  const std::size_t size = text.text.size();
  if (kPrefix && text.text.starts_with(affix)) return in.new_string(text.slice(affix.size(), size));
  if (!kPrefix && text.text.ends_with(affix)) return in.new_string(text.slice(0, size - affix.size()));
  return self;
}

Value replace(Interpreter& in, const Value& self, const Arguments& arguments) {
  const Str& from = in.need_string(arguments.get_or(0, "old", Value()), "what is replaced");
  const Str& to = in.need_string(arguments.get_or(1, "new", Value()), "what it is replaced with");
  return in.new_string(replaced(in, self.as_string(), from, to, limit_argument(in, arguments, 2, "count")));
}

template <bool kFromRight, bool kMustFind>
Value find(Interpreter& in, const Value& self, const Arguments& arguments) {
  const std::string& text = self.as_string().text;
  const std::string& wanted = in.need_string(arguments.get_or(0, "sub", Value()), "what is looked for").text;
  if (arguments.positional.size() > 1) in.fail("`find` takes one argument here");
  const std::size_t at = kFromRight ? text.rfind(wanted) : text.find(wanted);
  if (at == std::string::npos) {
    if (kMustFind) in.fail("substring not found");
    return Value::integer(-1);
  }
  return Value::integer(static_cast<int64_t>(count_characters(std::string_view(text).substr(0, at))));
}

Value count(Interpreter& in, const Value& self, const Arguments& arguments) {
  const std::string& text = self.as_string().text;
  const std::string& wanted = in.need_string(arguments.get_or(0, "sub", Value()), "what is counted").text;
  if (wanted.empty()) return Value::integer(static_cast<int64_t>(count_characters(text)) + 1);
  int64_t found = 0;
  for (std::size_t at = text.find(wanted); at != std::string::npos; at = text.find(wanted, at + wanted.size())) ++found;
  return Value::integer(found);
}

Value join_strings(Interpreter& in, const Value& self, const Arguments& arguments) {
  Str out;
  bool first = true;
  for (const Value& item : in.iterate(arguments.get_or(0, "iterable", Value()))) {
    if (!first) out.append(self.as_string());
    first = false;
    out.append(in.need_string(item, "an item of `join`"));
  }
  return in.new_string(std::move(out));
}

template <bool (*kHas)(char32_t)>
Value all_characters(Interpreter&, const Value& self, const Arguments&) {
  const std::string& text = self.as_string().text;
  for (std::size_t i = 0; i < text.size();) {
    if (!kHas(next_character(text, i))) return Value::boolean(false);
  }
  return Value::boolean(!text.empty());
}

bool is_alphanumeric(char32_t c) { return is_alphabetic(c) || is_number(c); }

template <std::string (*kChange)(std::string_view)>
Value has_case(Interpreter&, const Value& self, const Arguments&) {
  const std::string& text = self.as_string().text;
  bool cased = false;
  for (std::size_t i = 0; i < text.size();) cased = is_cased_letter(next_character(text, i)) || cased;
  return Value::boolean(cased && kChange(text) == text);
}

Value capitalize(Interpreter& in, const Value& self, const Arguments&) {
  return in.new_string(capitalized_str(self.as_string()));
}
Value title(Interpreter& in, const Value& self, const Arguments&) {
  return in.new_string(titled_str(self.as_string()));
}

template <bool kFromRight>
Value partition(Interpreter& in, const Value& self, const Arguments& arguments) {
  const Str& text = self.as_string();
  const std::string& separator = in.need_string(arguments.get_or(0, "sep", Value()), "the separator").text;
  if (separator.empty()) in.fail("empty separator");
  const std::size_t at = kFromRight ? text.text.rfind(separator) : text.text.find(separator);
  const Value nothing = Value::string(std::string());
  in.charge(text.text.size());
  if (at == std::string::npos) {
    return in.new_list(kFromRight ? std::vector{nothing, nothing, self} : std::vector{self, nothing, nothing},
                       List::Kind::kTuple);
  }
  const std::size_t behind = at + separator.size();
  return in.new_list({Value::string(text.slice(0, at)), Value::string(text.slice(at, behind)),
                      Value::string(text.slice(behind, text.text.size()))},
                     List::Kind::kTuple);
}

using MethodTable = std::unordered_map<std::string, Method>;

const MethodTable& string_methods() {
  static const MethodTable table = {
      {"strip", strip<true, true>},
      {"lstrip", strip<true, false>},
      {"rstrip", strip<false, true>},
      {"upper", change_case<upper>},
      {"lower", change_case<lower>},
      {"split", split<false>},
      {"rsplit", split<true>},
      {"splitlines", splitlines},
      {"startswith", has_affix<true>},
      {"endswith", has_affix<false>},
      {"removeprefix", remove_affix<true>},
      {"removesuffix", remove_affix<false>},
      {"replace", replace},
      {"find", find<false, false>},
      {"rfind", find<true, false>},
      {"index", find<false, true>},
      {"rindex", find<true, true>},
      {"count", count},
      {"join", join_strings},
      {"isdigit", all_characters<is_number>},
      {"isnumeric", all_characters<is_number>},
      {"isdecimal", all_characters<is_number>},
      {"isalpha", all_characters<is_alphabetic>},
      {"isalnum", all_characters<is_alphanumeric>},
      {"isspace", all_characters<is_python_space>},
      {"isupper", has_case<upper>},
      {"islower", has_case<lower>},
      {"capitalize", capitalize},
      {"title", title},
      {"partition", partition<false>},
      {"rpartition", partition<true>},
  };
  return table;
}

std::vector<Value> dict_part(const Dict& dict, bool keys, bool values) {
  std::vector<Value> items;
  for (const auto& [key, value] : dict.items) {
    items.push_back(keys && values ? Value::list({key, value}, List::Kind::kTuple) : keys ? key : value);
  }
  return items;
}

template <bool kKeys, bool kValues>
Value dict_list(Interpreter& in, const Value& self, const Arguments&) {
  return in.new_list(dict_part(self.as_dict(), kKeys, kValues));
}

Value dict_get(Interpreter& in, const Value& self, const Arguments& arguments) {
  const Value* key = arguments.get(0, "key");
  if (key == nullptr) in.fail("`get` needs a key");
  const Value* found = self.as_dict().find(*key);
  return found != nullptr ? *found : arguments.get_or(1, "default", Value::none());
}

Value list_index(Interpreter& in, const Value& self, const Arguments& arguments) {
  const auto& items = self.as_list().items;
  const Value wanted = arguments.get_or(0, "value", Value());
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (equal(items[i], wanted)) return Value::integer(static_cast<int64_t>(i));
  }
  in.fail("the value is not in the list");
}

Value list_count(Interpreter&, const Value& self, const Arguments& arguments) {
  const auto& items = self.as_list().items;
  const Value wanted = arguments.get_or(0, "value", Value());
  return Value::integer(std::count_if(items.begin(), items.end(), [&](const Value& v) { return equal(v, wanted); }));
}

// transformers runs templates in jinja2's immutable sandbox, which refuses these too.
Value refused(Interpreter& in, const Value& self, const Arguments&) {
  in.fail(fmt::format("a template may not change a {}; use a namespace and `+`", self.type_name()));
}

Value find_method(const MethodTable& table, const Value& self, const std::string& name) {
  const auto found = table.find(name);
  return found == table.end() ? Value() : bound(self, name, found->second);
}

}  // namespace

Value string_method(const Value& self, const std::string& name) { return find_method(string_methods(), self, name); }

Value dict_method(const Value& self, const std::string& name) {
  static const MethodTable table = {
      {"items", dict_list<true, true>},
      {"keys", dict_list<true, false>},
      {"values", dict_list<false, true>},
      {"get", dict_get},
      {"update", refused},
      {"pop", refused},
      {"popitem", refused},
      {"clear", refused},
      {"setdefault", refused},
  };
  return find_method(table, self, name);
}

Value list_method(const Value& self, const std::string& name) {
  static const MethodTable readers = {{"index", list_index}, {"count", list_count}};
  static const MethodTable writers = {{"append", refused}, {"extend", refused}, {"insert", refused},
                                      {"pop", refused},    {"remove", refused}, {"reverse", refused},
                                      {"sort", refused},   {"clear", refused}};
  if (self.as_list().kind == List::Kind::kGenerator) return {};
  const Value reader = find_method(readers, self, name);
  if (!reader.is_undefined() || self.as_list().kind == List::Kind::kTuple) return reader;
  return find_method(writers, self, name);
}

}  // namespace dormouse::text::jinja
