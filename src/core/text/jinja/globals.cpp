// Global functions: range, dict, namespace, raise_exception, strftime_now.
#include <fmt/format.h>

#include <ctime>
#include <unordered_map>

#include "core/text/jinja/interpreter.h"

namespace dormouse::text::jinja {

namespace {

constexpr int64_t kMaxRange = 100'000;  // jinja2's sandbox has the same

Value range(Interpreter& in, const Value&, const Arguments& arguments) {
  const auto& given = arguments.positional;
  if (given.empty() || given.size() > 3) in.fail("`range` takes one to three integers");
  int64_t bounds[3] = {0, 0, 1};
  if (given.size() == 1) bounds[1] = in.need_integer(given[0], "range");
  for (std::size_t i = 0; given.size() > 1 && i < given.size(); ++i) bounds[i] = in.need_integer(given[i], "range");
  const auto [begin, end, step] = bounds;
  if (step == 0) in.fail("the step of `range` must not be zero");
  std::vector<Value> items;
  for (int64_t i = begin; step > 0 ? i < end : i > end;) {
    if (static_cast<int64_t>(items.size()) >= kMaxRange) in.fail(fmt::format("a range longer than {}", kMaxRange));
    items.push_back(Value::integer(i));
    if (__builtin_add_overflow(i, step, &i)) break;
  }
  return in.new_list(std::move(items));
}

Dict merged(Interpreter& in, const Arguments& arguments) {
  Dict dict;
  for (const Value& given : arguments.positional) {
    if (!given.is_dict()) in.fail("`dict` and `namespace` take dicts and named arguments");
    for (const auto& [key, value] : given.as_dict().items) dict.set(key, value);
  }
  for (const auto& [name, value] : arguments.named) dict.set(Value::string(name), value);
  return dict;
}

Value make_dict(Interpreter& in, const Value&, const Arguments& arguments) {
  return in.new_dict(merged(in, arguments));
}

Value make_namespace(Interpreter& in, const Value&, const Arguments& arguments) {
  Namespace* made = in.new_namespace();
  for (auto& [key, value] : merged(in, arguments).items) {
    const std::string name = to_str(key).text;
    if (name.starts_with('_')) in.fail("a namespace takes no attribute that begins with an underscore");
    made->attributes[name] = value;
  }
  return Value(Value::Storage(made));
}

Value raise_exception(Interpreter& in, const Value&, const Arguments& arguments) {
  in.fail(fmt::format("the template refuses this chat: {}",
                      to_str(arguments.get_or(0, "message", Value::string(std::string()))).text));
}

Value strftime_now(Interpreter& in, const Value&, const Arguments& arguments) {
  const std::string& format = in.need_string(arguments.get_or(0, "format", Value()), "strftime_now").text;
  if (format.empty() || format.size() > 256) in.fail("`strftime_now`: a format of 1 to 256 bytes");
  const std::time_t now = static_cast<std::time_t>(in.unix_time());
  std::tm parts{};
  if (gmtime_r(&now, &parts) == nullptr) in.fail("`strftime_now`: the time is out of range");
  char buffer[4096];
  const std::size_t size = std::strftime(buffer, sizeof buffer, format.c_str(), &parts);
  return in.new_string(Str(std::string(buffer, size)));
}

}  // namespace

const Value* find_global(const std::string& name) {
  static const std::unordered_map<std::string, Value> table = {
      {"range", bound(Value(), "range", range)},
      {"dict", bound(Value(), "dict", make_dict)},
      {"namespace", bound(Value(), "namespace", make_namespace)},
      {"raise_exception", bound(Value(), "raise_exception", raise_exception)},
      {"strftime_now", bound(Value(), "strftime_now", strftime_now)},
  };
  const auto found = table.find(name);
  return found == table.end() ? nullptr : &found->second;
}

}  // namespace dormouse::text::jinja
