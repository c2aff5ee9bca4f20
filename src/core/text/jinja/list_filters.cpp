// Filters over lists and dicts.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/text/jinja/interpreter.h"
#include "core/text/unicode.h"

namespace dormouse::text::jinja {

namespace {

Value make_generator(Interpreter& in, std::vector<Value> items) {
  return in.new_list(std::move(items), List::Kind::kGenerator);
}

Value length(Interpreter& in, const Value& input, const Arguments&) {
  if (input.is_undefined()) return Value::integer(0);
  if (input.is_string()) return Value::integer(static_cast<int64_t>(count_characters(input.as_string().text)));
  if (input.is_dict()) return Value::integer(static_cast<int64_t>(input.as_dict().items.size()));
  if (input.is_list() && input.as_list().kind != List::Kind::kGenerator) {
    return Value::integer(static_cast<int64_t>(input.as_list().items.size()));
  }
  in.fail(fmt::format("a value of type {} has no length", input.type_name()));
}

// "a.b.0" walks down; an integer indexes.
Value dig(Interpreter& in, const Value& item, const Value& path) {
  if (!path.is_string()) return in.item(item, path);
  Value value = item;
  const std::string& text = path.as_string().text;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('.', begin), text.size());
    const std::string part = text.substr(begin, end - begin);
    int64_t index = 0;
    const auto result = std::from_chars(part.data(), part.data() + part.size(), index);
    const bool number =
        !part.empty() && part[0] != '-' && result.ec == std::errc() && result.ptr == part.data() + part.size();
    value = in.item(value, number ? Value::integer(index) : Value::string(part));
    begin = end + 1;
  }
  return value;
}

Value join(Interpreter& in, const Value& input, const Arguments& arguments) {
  const Str separator = to_str(arguments.get_or(0, "d", Value::string(std::string())));
  const Value* path = arguments.get(1, "attribute");
  Str out;
  bool first = true;
  for (const Value& item : in.iterate(input)) {
    if (!first) out.append(separator);
    first = false;
    const Str part = to_str(path != nullptr ? dig(in, item, *path) : item);
    in.charge(part.text.size() + separator.text.size());
    out.append(part);
  }
  return in.new_string(std::move(out));
}

Value first(Interpreter& in, const Value& input, const Arguments&) {
  const auto items = in.iterate(input);
  return items.empty() ? Value::undefined("first item of nothing") : items.front();
}

Value last(Interpreter& in, const Value& input, const Arguments&) {
  const auto items = in.iterate(input);
  return items.empty() ? Value::undefined("last item of nothing") : items.back();
}

Value to_list(Interpreter& in, const Value& input, const Arguments&) { return in.new_list(in.iterate(input)); }

Value reverse(Interpreter& in, const Value& input, const Arguments&) {
  auto items = in.iterate(input);
  std::reverse(items.begin(), items.end());
  if (!input.is_string()) return make_generator(in, std::move(items));
  Str out;
  for (const Value& item : items) out.append(item.as_string());
  return in.new_string(std::move(out));
}

Value items(Interpreter& in, const Value& input, const Arguments&) {
  if (input.is_undefined()) return make_generator(in, {});
  if (!input.is_dict()) in.fail("`items` needs a dict");
  return make_generator(in, in.iterate(in.call(dict_method(input, "items"), {})));
}

Arguments behind(const Arguments& arguments, std::size_t count) {
  Arguments rest = arguments;
  rest.positional.erase(rest.positional.begin(),
                        rest.positional.begin() + static_cast<std::ptrdiff_t>(std::min(count, rest.positional.size())));
  return rest;
}

Value map(Interpreter& in, const Value& input, const Arguments& arguments) {
  const Value* path = nullptr;
  for (const auto& [name, value] : arguments.named) {
    if (name == "attribute") path = &value;
  }
  std::vector<Value> out;
  for (const Value& item : in.iterate(input)) {
    in.charge(0);
    if (path != nullptr && arguments.positional.empty()) {
      Value found = dig(in, item, *path);
      const Value* fallback = arguments.get(1, "default");
      out.push_back(found.is_undefined() && fallback != nullptr ? *fallback : found);
    } else {
      const Value filter = arguments.get_or(0, "filter", Value());
      out.push_back(apply_filter(in, in.need_string(filter, "the filter of `map`").text, item, behind(arguments, 1)));
    }
  }
  return make_generator(in, std::move(out));
}

// select, reject, selectattr, rejectattr.
template <bool kKeep, bool kAttribute>
Value select(Interpreter& in, const Value& input, const Arguments& arguments) {
  const std::size_t skip = kAttribute ? 1 : 0;
  if (kAttribute && arguments.positional.empty()) in.fail("the name of an attribute is missing");
  std::vector<Value> out;
  for (const Value& item : in.iterate(input)) {
    in.charge(0);
    const Value value = kAttribute ? dig(in, item, arguments.positional[0]) : item;
    const bool tested = arguments.positional.size() > skip;
    const bool holds = tested ? apply_test(in, in.need_string(arguments.positional[skip], "the name of a test").text,
                                           value, behind(arguments, skip + 1))
                              : value.truthy();
    if (holds == kKeep) out.push_back(item);
  }
  return make_generator(in, std::move(out));
}

Value sort_key(Interpreter& in, const Value& item, const Value* path, bool case_sensitive) {
  const Value value = path != nullptr && !path->is_none() ? dig(in, item, *path) : item;
  if (case_sensitive || !value.is_string()) return value;
  return Value::string(lower(value.as_string().text));
}

// Several attributes: "age,name".
Value sort_keys(Interpreter& in, const Value& item, const Value* path, bool case_sensitive) {
  if (path == nullptr || !path->is_string()) return sort_key(in, item, path, case_sensitive);
  std::vector<Value> keys;
  const std::string& names = path->as_string().text;
  for (std::size_t begin = 0; begin <= names.size();) {
    const std::size_t end = std::min(names.find(',', begin), names.size());
    const Value name = Value::string(names.substr(begin, end - begin));
    keys.push_back(sort_key(in, item, &name, case_sensitive));
    begin = end + 1;
  }
  return in.new_list(std::move(keys));
}

// Stable, as Python's. Errors from comparing leave through the exception, so the sort must be one that
// tolerates them.
std::vector<Value> sorted(Interpreter& in, std::vector<std::pair<Value, Value>> keyed, bool descending) {
  std::stable_sort(keyed.begin(), keyed.end(), [&](const auto& a, const auto& b) {
    in.charge(0);
    if (equal(a.first, b.first)) return false;  // undefined keys too
    return descending ? in.less(b.first, a.first) : in.less(a.first, b.first);
  });
  std::vector<Value> out;
  for (auto& [key, value] : keyed) out.push_back(std::move(value));
  return out;
}

Value sort(Interpreter& in, const Value& input, const Arguments& arguments) {
  const bool descending = arguments.get_or(0, "reverse", Value::boolean(false)).truthy();
  const bool case_sensitive = arguments.get_or(1, "case_sensitive", Value::boolean(false)).truthy();
  const Value* path = arguments.get(2, "attribute");
  std::vector<std::pair<Value, Value>> keyed;
  for (const Value& item : in.iterate(input)) keyed.emplace_back(sort_keys(in, item, path, case_sensitive), item);
  return in.new_list(sorted(in, std::move(keyed), descending));
}

Value dictsort(Interpreter& in, const Value& input, const Arguments& arguments) {
  if (!input.is_dict()) in.fail("`dictsort` needs a dict");
  const bool case_sensitive = arguments.get_or(0, "case_sensitive", Value::boolean(false)).truthy();
  const bool by_value = to_str(arguments.get_or(1, "by", Value::string(std::string("key")))).text == "value";
  const bool descending = arguments.get_or(2, "reverse", Value::boolean(false)).truthy();
  std::vector<std::pair<Value, Value>> keyed;
  for (const auto& [key, value] : input.as_dict().items) {
    keyed.emplace_back(sort_key(in, by_value ? value : key, nullptr, case_sensitive),
                       Value::list({key, value}, List::Kind::kTuple));
  }
  return in.new_list(sorted(in, std::move(keyed), descending));
}

Value unique(Interpreter& in, const Value& input, const Arguments& arguments) {
  const bool case_sensitive = arguments.get_or(0, "case_sensitive", Value::boolean(false)).truthy();
  const Value* path = arguments.get(1, "attribute");
  Dict seen;
  std::vector<Value> out;
  for (const Value& item : in.iterate(input)) {
    const Value key = sort_key(in, item, path, case_sensitive);
    if (key_text(key).empty()) in.fail(fmt::format("`unique`: a {} cannot be compared this way", key.type_name()));
    if (seen.find(key) != nullptr) continue;
    seen.set(key, Value::none());
    out.push_back(item);
  }
  return make_generator(in, std::move(out));
}

template <bool kMax>
Value extreme(Interpreter& in, const Value& input, const Arguments& arguments) {
  const bool case_sensitive = arguments.get_or(0, "case_sensitive", Value::boolean(false)).truthy();
  const Value* path = arguments.get(1, "attribute");
  Value best = Value::undefined("extreme of nothing"), best_key;
  for (const Value& item : in.iterate(input)) {
    Value key = sort_key(in, item, path, case_sensitive);
    const bool better = best.is_undefined() || (kMax ? in.less(best_key, key) : in.less(key, best_key));
    if (!better) continue;
    best = item;
    best_key = std::move(key);
  }
  return best;
}

Value sum(Interpreter& in, const Value& input, const Arguments& arguments) {
  const Value path = arguments.get_or(0, "attribute", Value::none());
  Value total = arguments.get_or(1, "start", Value::integer(0));
  for (const Value& item : in.iterate(input))
    total = in.binary("+", total, path.is_none() ? item : dig(in, item, path));
  return total;
}

Value attribute(Interpreter& in, const Value& input, const Arguments& arguments) {
  const Value name = arguments.get_or(0, "name", Value());
  const std::string& wanted = in.need_string(name, "the name of an attribute").text;
  if (input.is_dict()) return dict_method(input, wanted);  // never an item, unlike `.`
  return in.attribute(input, wanted);
}

Value batch(Interpreter& in, const Value& input, const Arguments& arguments) {
  const int64_t size = in.need_integer(arguments.get_or(0, "linecount", Value()), "`batch`");
  const Value* filler = arguments.get(1, "fill_with");
  if (size < 1 || size > 100000) in.fail("`batch`: a size from 1 to 100000 is known");
  std::vector<Value> out, row;
  for (const Value& item : in.iterate(input)) {
    if (static_cast<int64_t>(row.size()) == size) out.push_back(in.new_list(std::exchange(row, {})));
    row.push_back(item);
  }
  if (!row.empty()) {
    if (filler != nullptr && !filler->is_none()) row.resize(static_cast<std::size_t>(size), *filler);
    out.push_back(in.new_list(std::move(row)));
  }
  return make_generator(in, std::move(out));
}

Value groupby(Interpreter& in, const Value& input, const Arguments& arguments) {
  const Value* path = arguments.get(0, "attribute");
  if (path == nullptr) in.fail("`groupby` needs the name of an attribute");
  std::vector<std::pair<Value, Value>> keyed;
  for (const Value& item : in.iterate(input)) {
    const Value key = sort_key(in, item, path, /*case_sensitive=*/true);
    keyed.emplace_back(key, in.new_list({key, item}, List::Kind::kTuple));
  }
  std::vector<Value> out, group;
  Value group_key;
  const auto finish = [&] {
    if (!group.empty())
      out.push_back(in.new_list({group_key, in.new_list(std::exchange(group, {}))}, List::Kind::kTuple));
  };
  for (const Value& pair : sorted(in, std::move(keyed), /*descending=*/false)) {
    const auto& parts = pair.as_list().items;
    if (group.empty() || !equal(group_key, parts[0])) finish();
    group_key = parts[0];
    group.push_back(parts[1]);
  }
  finish();
  return in.new_list(std::move(out));
}

}  // namespace

const std::vector<FilterRow>& list_filters() {
  static const std::vector<FilterRow> rows = {
      {"attr", attribute},
      {"batch", batch},
      {"count", length},
      {"dictsort", dictsort},
      {"first", first},
      {"groupby", groupby},
      {"items", items},
      {"join", join},
      {"last", last},
      {"length", length},
      {"list", to_list},
      {"map", map},
      {"max", extreme<true>},
      {"min", extreme<false>},
      {"reject", select<false, false>},
      {"rejectattr", select<false, true>},
      {"reverse", reverse},
      {"select", select<true, false>},
      {"selectattr", select<true, true>},
      {"sort", sort},
      {"sum", sum},
      {"unique", unique},
  };
  return rows;
}

}  // namespace dormouse::text::jinja
