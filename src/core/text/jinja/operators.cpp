// Arithmetic, comparison, membership and slices, as Python does them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/text/jinja/interpreter.h"

namespace dormouse::text::jinja {

Value Interpreter::binary(const std::string& op, const Value& left, const Value& right) {
  if (op == "~") {
    Str text = to_str(left);
    text.append(to_str(right));
    return new_string(std::move(text));
  }
  for (const Value* side : {&left, &right}) {
    if (side->is_undefined()) fail(fmt::format("`{}` is undefined, in `{}`", side->undefined_name(), op));
  }
  if (left.is_number() && right.is_number()) return arithmetic(op, left, right);
  if (op == "+" && left.is_string() && right.is_string()) {
    Str text = left.as_string();
    text.append(right.as_string());
    return new_string(std::move(text));
  }
  if (op == "+" && left.is_list() && right.is_list() && left.as_list().kind == right.as_list().kind &&
      left.as_list().kind != List::Kind::kGenerator) {
    std::vector<Value> items = left.as_list().items;
    items.insert(items.end(), right.as_list().items.begin(), right.as_list().items.end());
    return new_list(std::move(items), left.as_list().kind);
  }
  if (op == "*" && right.is_integer()) return repeated(left, right.as_integer());
  if (op == "*" && left.is_integer()) return repeated(right, left.as_integer());
  if (op == "%" && left.is_string()) {
    const bool tuple = right.is_list() && right.as_list().kind == List::Kind::kTuple;
    return new_string(formatted(*this, left.as_string(), tuple ? right.as_list().items : std::vector<Value>{right}));
  }
  fail(fmt::format("`{}` cannot join a value of type {} and one of type {}", op, left.type_name(), right.type_name()));
}

Value Interpreter::repeated(const Value& value, int64_t count) {
  const auto times = static_cast<std::size_t>(std::max<int64_t>(count, 0));
  const bool list = value.is_list() && value.as_list().kind != List::Kind::kGenerator;
  if (!list && !value.is_string()) fail(fmt::format("a value of type {} cannot be repeated", value.type_name()));
  const std::size_t size = list ? value.as_list().items.size() : value.as_string().text.size();
  if (size > 0 && times > (std::size_t{1} << 26) / size) fail("a repeated value is too large");
  if (list) {
    std::vector<Value> items;
    for (std::size_t i = 0; i < times; ++i) {
      items.insert(items.end(), value.as_list().items.begin(), value.as_list().items.end());
    }
    return new_list(std::move(items), value.as_list().kind);
  }
  Str text;
  if (size > 0) {
    for (std::size_t i = 0; i < times; ++i) text.append(value.as_string());
  }
  return new_string(std::move(text));
}

Value Interpreter::arithmetic(const std::string& op, const Value& left, const Value& right) const {
  const bool zero = right.as_real() == 0;
  if (zero && (op == "/" || op == "//" || op == "%")) fail("division by zero");
  if (op == "/") return Value::real(left.as_real() / right.as_real());
  if (!left.is_real() && !right.is_real()) return integer_arithmetic(op, left.as_integer(), right.as_integer());
  const double a = left.as_real(), b = right.as_real();
  if (op == "+") return Value::real(a + b);
  if (op == "-") return Value::real(a - b);
  if (op == "*") return Value::real(a * b);
  if (op == "//") return Value::real(std::floor(a / b));
  if (op == "**") return Value::real(std::pow(a, b));
  const double rest = std::fmod(a, b);
  return Value::real(rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest);
}

Value Interpreter::integer_arithmetic(const std::string& op, int64_t a, int64_t b) const {
  int64_t result = 0;
  bool overflow = false;
  if (op == "+") {
    overflow = __builtin_add_overflow(a, b, &result);
  } else if (op == "-") {
    overflow = __builtin_sub_overflow(a, b, &result);
  } else if (op == "*") {
    overflow = __builtin_mul_overflow(a, b, &result);
  } else if (op == "**") {
    if (b < 0) return Value::real(std::pow(static_cast<double>(a), static_cast<double>(b)));
    result = 1;
    for (int64_t i = 0; i < b && !overflow && result != 0; ++i) {
      if (i > 64 && (a == 1 || a == -1)) return Value::integer(a == 1 || b % 2 == 0 ? 1 : -1);
      overflow = __builtin_mul_overflow(result, a, &result);
    }
  } else if (b == -1) {  // the smallest number divided by -1 traps
    overflow = op == "//" && __builtin_sub_overflow(int64_t{0}, a, &result);
  } else {
    const int64_t rest = a % b, floored = a / b - (rest != 0 && (rest < 0) != (b < 0) ? 1 : 0);
    result = op == "//" ? floored : a - floored * b;
  }
  if (overflow) fail(fmt::format("`{}` gives a number of more than 64 bits", op));
  return Value::integer(result);
}

bool Interpreter::less(const Value& a, const Value& b) const {
  if (a.is_number() && b.is_number()) {
    if (a.is_real() || b.is_real()) return a.as_real() < b.as_real();
    return a.as_integer() < b.as_integer();
  }
  if (a.is_string() && b.is_string()) return a.as_string().text < b.as_string().text;  // UTF-8 keeps the order
  if (a.is_list() && b.is_list() && a.as_list().kind == b.as_list().kind) {
    const auto& left = a.as_list().items;
    const auto& right = b.as_list().items;
    for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
      if (!equal(left[i], right[i])) return less(left[i], right[i]);
    }
    return left.size() < right.size();
  }
  fail(fmt::format("a value of type {} cannot be ordered with one of type {}", a.type_name(), b.type_name()));
}

bool Interpreter::contains(const Value& container, const Value& element) const {
  if (container.is_undefined()) return false;
  if (container.is_string()) {
    if (!element.is_string()) fail(fmt::format("`in` a string needs a string, not {}", element.type_name()));
    return container.as_string().text.find(element.as_string().text) != std::string::npos;
  }
  if (container.is_dict()) return container.as_dict().find(element) != nullptr;
  if (container.is_list()) {
    const auto& items = container.as_list().items;
    return std::any_of(items.begin(), items.end(), [&](const Value& item) { return equal(item, element); });
  }
  fail(fmt::format("`in` cannot look into a value of type {}", container.type_name()));
}

namespace {

int64_t clamped(int64_t value, int64_t size, int64_t low, int64_t high) {
  if (value < 0) value += size;
  return std::clamp(value, low, high);
}

// Python's slice.indices.
std::vector<int64_t> slice_indices(int64_t size, const Value& begin, const Value& end, int64_t step) {
  const int64_t low = step > 0 ? 0 : -1, high = step > 0 ? size : size - 1;
  int64_t at = begin.is_none() ? (step > 0 ? low : high) : clamped(begin.as_integer(), size, low, high);
  const int64_t stop = end.is_none() ? (step > 0 ? high : low) : clamped(end.as_integer(), size, low, high);
  std::vector<int64_t> indices;
  while (step > 0 ? at < stop : at > stop) {
    indices.push_back(at);
    if (__builtin_add_overflow(at, step, &at)) break;
  }
  return indices;
}

}  // namespace

Value Interpreter::evaluate_slice(const Expression& expression) {
  const Value object = evaluate(*expression.children[0]);
  Value bounds[3];
  for (std::size_t i = 0; i < 3; ++i) {
    bounds[i] = expression.children[i + 1] ? evaluate(*expression.children[i + 1]) : Value::none();
    if (!bounds[i].is_none() && !bounds[i].is_integer()) fail("the bounds of a slice must be integers");
  }
  const int64_t step = bounds[2].is_none() ? 1 : bounds[2].as_integer();
  if (step == 0 || step == std::numeric_limits<int64_t>::min()) fail("the step of a slice must not be zero");
  if (object.is_undefined()) fail(fmt::format("`{}` is undefined, so it has no slice", object.undefined_name()));
  if (object.is_string()) {
    const Str& text = object.as_string();
    charge(text.text.size());
    const auto starts = character_starts(text);
    Str out;
    for (const int64_t i : slice_indices(static_cast<int64_t>(starts.size()) - 1, bounds[0], bounds[1], step)) {
      const std::size_t begin = starts[i], size = starts[i + 1] - starts[i];
      out.append(std::string_view(text.text).substr(begin, size), text.from_message(begin));
    }
    return new_string(std::move(out));
  }
  if (!object.is_list() || object.as_list().kind == List::Kind::kGenerator) {
    fail(fmt::format("a value of type {} has no slices", object.type_name()));
  }
  std::vector<Value> items;
  const auto& all = object.as_list().items;
  for (const int64_t i : slice_indices(static_cast<int64_t>(all.size()), bounds[0], bounds[1], step)) {
    items.push_back(all[i]);
  }
  return new_list(std::move(items), object.as_list().kind);
}

}  // namespace dormouse::text::jinja
