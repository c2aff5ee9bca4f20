// The filters, tests, methods and global functions of the template language.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/text/jinja/value.h"

namespace dormouse::text::jinja {

class Interpreter;

struct Arguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named;

  /// By position, or else by name; null if it is not given.
  const Value* get(std::size_t position, std::string_view name) const;
  Value get_or(std::size_t position, std::string_view name, Value fallback) const;
};

/// What can be called: a method bound to its value, a macro, a global function.
struct Callable {
  std::string name;
  int depth = 0;  // of nesting, with the value it is bound to
  std::function<Value(Interpreter&, const Arguments&)> call;
};

using Filter = Value (*)(Interpreter&, const Value&, const Arguments&);
using Test = bool (*)(Interpreter&, const Value&, const Arguments&);
struct FilterRow {
  const char* name;
  Filter filter;
};

/// Sorted.
const std::vector<std::string>& filter_names();
const std::vector<std::string>& test_names();

/// Throws kInput at the interpreter's line if there is no such filter or test.
Value apply_filter(Interpreter& interpreter, const std::string& name, const Value& input, const Arguments& arguments);
bool apply_test(Interpreter& interpreter, const std::string& name, const Value& input, const Arguments& arguments);

/// The parts of the filter table.
const std::vector<FilterRow>& text_filters();
const std::vector<FilterRow>& list_filters();

/// A method: `call` with its value.
using Method = Value (*)(Interpreter&, const Value& self, const Arguments& arguments);
Value bound(const Value& self, const std::string& name, Method method);

/// The method `name` bound to a string, dict or list; undefined if it has none.
Value string_method(const Value& self, const std::string& name);
Value dict_method(const Value& self, const std::string& name);
Value list_method(const Value& self, const std::string& name);

/// range, dict, namespace, raise_exception, strftime_now; null if there is none.
const Value* find_global(const std::string& name);

/// Shared by filters and methods of the same name.
Str stripped(const Str& value, const Str* characters, bool left, bool right);
Str replaced(Interpreter& interpreter, const Str& value, const Str& from, const Str& to, int64_t limit);
Str formatted(Interpreter& interpreter, const Str& format, const std::vector<Value>& arguments);
/// Case changes, run by run, so that marks stay where they were.
Str with_runs(const Str& value, std::string (*change)(std::string_view));
Str capitalized_str(const Str& value);
Str titled_str(const Str& value);
std::vector<Str> split_lines(const Str& value);
/// Byte ranges of the characters.
std::vector<std::size_t> character_starts(const Str& value);

}  // namespace dormouse::text::jinja
