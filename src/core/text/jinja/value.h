// Values of the template language, with Python's semantics. A string remembers for each byte whether it came
// from a message, through every operation that keeps or copies bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/json.h"

namespace dormouse::text::jinja {

/// Valid UTF-8. `marks` is empty (no byte came from a message) or as long as `text` (1 = from a message).
struct Str {
  std::string text;
  std::string marks;

  Str() = default;
  explicit Str(std::string bytes, bool from_message = false) : text(std::move(bytes)) {
    if (from_message) marks.assign(text.size(), '\1');
  }
  Str slice(std::size_t begin, std::size_t end) const;
  void append(const Str& other);
  void append(std::string_view bytes, bool from_message);
  bool from_message(std::size_t byte) const { return !marks.empty() && marks[byte] != 0; }
  bool any_mark() const { return marks.find('\1') != std::string::npos; }
};

class Value;
struct Dict;
struct Namespace;
struct Loop;
struct Callable;

struct Undefined {
  std::string name;  // what was looked for, for the error message
};
struct None {};

struct List {
  enum class Kind { kList, kTuple, kGenerator };  // a generator is always true and can be walked once
  std::vector<Value> items;
  Kind kind = Kind::kList;
  int depth = 1;  // of nesting: bounded, because freeing and comparing recurse
};

/// Immutable once it can be seen by the template. Cheap to copy.
class Value {
 public:
  using Storage =
      std::variant<Undefined, None, bool, int64_t, double, std::shared_ptr<const Str>, std::shared_ptr<List>,
                   std::shared_ptr<const Dict>, Namespace*, std::shared_ptr<Loop>, std::shared_ptr<const Callable>>;

  Value() : data_(Undefined{}) {}
  Value(Storage data) : data_(std::move(data)) {}  // NOLINT: every alternative is a value
  static Value none() { return Value(Storage(None{})); }
  static Value boolean(bool b) { return Value(Storage(b)); }
  static Value integer(int64_t i) { return Value(Storage(i)); }
  static Value real(double d) { return Value(Storage(d)); }
  static Value string(Str s) { return Value(Storage(std::make_shared<const Str>(std::move(s)))); }
  static Value string(std::string s) { return string(Str(std::move(s))); }
  static Value undefined(std::string name = {}) { return Value(Storage(Undefined{std::move(name)})); }
  static Value list(std::vector<Value> items, List::Kind kind = List::Kind::kList);
  static Value dict(Dict members);

  bool is_undefined() const { return std::holds_alternative<Undefined>(data_); }
  bool is_none() const { return std::holds_alternative<None>(data_); }
  bool is_boolean() const { return std::holds_alternative<bool>(data_); }
  bool is_integer() const { return std::holds_alternative<int64_t>(data_); }  // without booleans
  bool is_real() const { return std::holds_alternative<double>(data_); }
  bool is_number() const { return is_boolean() || is_integer() || is_real(); }
  bool is_string() const { return std::holds_alternative<std::shared_ptr<const Str>>(data_); }
  bool is_list() const { return std::holds_alternative<std::shared_ptr<List>>(data_); }
  bool is_dict() const { return std::holds_alternative<std::shared_ptr<const Dict>>(data_); }
  bool is_namespace() const { return std::holds_alternative<Namespace*>(data_); }
  bool is_loop() const { return std::holds_alternative<std::shared_ptr<Loop>>(data_); }
  bool is_callable() const { return std::holds_alternative<std::shared_ptr<const Callable>>(data_); }

  const std::string& undefined_name() const { return std::get<Undefined>(data_).name; }
  /// Of a boolean too, as in Python.
  int64_t as_integer() const { return is_boolean() ? std::get<bool>(data_) : std::get<int64_t>(data_); }
  bool as_boolean() const { return std::get<bool>(data_); }
  double as_real() const { return is_real() ? std::get<double>(data_) : static_cast<double>(as_integer()); }
  const Str& as_string() const { return *std::get<std::shared_ptr<const Str>>(data_); }
  List& as_list() const { return *std::get<std::shared_ptr<List>>(data_); }
  const Dict& as_dict() const { return *std::get<std::shared_ptr<const Dict>>(data_); }
  Namespace* as_namespace() const { return std::get<Namespace*>(data_); }
  Loop& as_loop() const { return *std::get<std::shared_ptr<Loop>>(data_); }
  const Callable& as_callable() const { return *std::get<std::shared_ptr<const Callable>>(data_); }
  const Storage& storage() const { return data_; }

  /// Python's bool().
  bool truthy() const;
  /// Python's type name, for error messages.
  const char* type_name() const;
  int depth() const;

 private:
  Storage data_;
};

/// Keeps the order of insertion. Keys are strings, numbers, booleans, None, or tuples of them.
struct Dict {
  std::vector<std::pair<Value, Value>> items;
  int depth = 1;

  void set(const Value& key, Value value);
  const Value* find(const Value& key) const;
  const Value* find(std::string_view key) const;

 private:
  std::unordered_map<std::string, std::size_t> index_;
};

/// The only value that changes: owned by the render, so that it may hold itself.
struct Namespace {
  std::unordered_map<std::string, Value> attributes;
};

struct Loop {
  std::shared_ptr<const std::vector<Value>> items;
  std::size_t index = 0;
  int depth = 0;             // of recursion
  int nesting = 1;           // of values
  std::string last_changed;  // as text: a loop that held itself would never be freed
  bool has_changed = false;
  std::function<Value(const Value&)> recurse;  // of `for ... recursive`
};

/// Can be a key: throws nothing; "" means that it cannot.
std::string key_text(const Value& value);

/// Python's ==.
bool equal(const Value& a, const Value& b);

/// Python's str() and repr(), marks kept.
Str to_str(const Value& value);
Str to_repr(const Value& value);
std::string real_repr(double value);

/// json.dumps with ensure_ascii=False. `indent` < 0: one line. Returns false on a value JSON has no form for.
struct JsonStyle {
  int indent = -1;
  bool ensure_ascii = false, sort_keys = false;
  std::string item_separator, key_separator;  // empty: Python's default
};
bool to_json(const Value& value, const JsonStyle& style, Str& out);

/// Strings become marked as from a message.
Value from_json(const OrderedJson& json);

}  // namespace dormouse::text::jinja
