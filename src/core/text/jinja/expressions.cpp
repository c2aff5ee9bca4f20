#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/text/jinja/interpreter.h"
#include "core/text/unicode.h"

namespace dormouse::text::jinja {

namespace {

constexpr int kMaxExpressionDepth = 1200;

// Also restores the depth when an error passes through.
class Deeper {
 public:
  explicit Deeper(int& depth) : depth_(depth) { ++depth_; }
  ~Deeper() { --depth_; }

 private:
  int& depth_;
};

}  // namespace

Value Interpreter::evaluate(const Expression& expression) {
  const Deeper deeper(depth_);
  if (depth_ > kMaxExpressionDepth) fail("the template recurses too deep");
  line_ = expression.line;
  charge(0);
  switch (expression.kind) {
    case ExpressionKind::kConstant:
      return expression.constant;
    case ExpressionKind::kName:
      return lookup(expression.name);
    case ExpressionKind::kList:
    case ExpressionKind::kTuple:
      return evaluate_list(expression);
    case ExpressionKind::kDict:
      return evaluate_dict(expression);
    case ExpressionKind::kUnary:
      return evaluate_unary(expression);
    case ExpressionKind::kBinary:
      return evaluate_binary(expression);
    case ExpressionKind::kCompare:
      return evaluate_compare(expression);
    case ExpressionKind::kTernary:
      if (evaluate(*expression.children[1]).truthy()) return evaluate(*expression.children[0]);
      return expression.children[2] ? evaluate(*expression.children[2]) : Value::undefined();
    case ExpressionKind::kAttribute:
      return attribute(evaluate(*expression.children[0]), expression.name);
    case ExpressionKind::kItem: {
      const Value object = evaluate(*expression.children[0]);
      return item(object, evaluate(*expression.children[1]));
    }
    case ExpressionKind::kSlice:
      return evaluate_slice(expression);
    case ExpressionKind::kCall: {
      const Value callee = evaluate(*expression.children[0]);
      const Arguments arguments = evaluate_arguments(expression);
      line_ = expression.line;
      return call(callee, arguments);
    }
    case ExpressionKind::kFilter:
      return evaluate_filters(expression, Value());
    case ExpressionKind::kTest: {
      const Value input = evaluate(*expression.children[0]);
      return Value::boolean(apply_test(*this, expression.name, input, evaluate_arguments(expression)));
    }
  }
  return Value();
}

Value Interpreter::lookup(const std::string& name) const {
  for (const Scope* scope = scope_.get(); scope != nullptr; scope = scope->parent.get()) {
    const auto found = scope->names.find(name);
    if (found != scope->names.end()) return found->second;
  }
  const Value* global = find_global(name);
  return global != nullptr ? *global : Value::undefined(name);
}

Value Interpreter::evaluate_list(const Expression& expression) {
  std::vector<Value> items;
  for (const auto& child : expression.children) items.push_back(evaluate(*child));
  return new_list(std::move(items), expression.kind == ExpressionKind::kTuple ? List::Kind::kTuple : List::Kind::kList);
}

Value Interpreter::evaluate_dict(const Expression& expression) {
  Dict dict;
  for (std::size_t i = 0; i < expression.children.size(); i += 2) {
    const Value key = evaluate(*expression.children[i]);
    if (key_text(key).empty()) fail(fmt::format("a {} cannot be the key of a dict", key.type_name()));
    dict.set(key, evaluate(*expression.children[i + 1]));
  }
  return new_dict(std::move(dict));
}

Value Interpreter::evaluate_unary(const Expression& expression) {
  const Value value = evaluate(*expression.children[0]);
  if (expression.name == "not") return Value::boolean(!value.truthy());
  if (!value.is_number())
    fail(fmt::format("cannot apply `{}` to a value of type {}", expression.name, value.type_name()));
  if (value.is_real()) return Value::real(expression.name == "-" ? -value.as_real() : value.as_real());
  if (expression.name == "+") return Value::integer(value.as_integer());
  return integer_arithmetic("-", 0, value.as_integer());
}

Value Interpreter::evaluate_binary(const Expression& expression) {
  Value left = evaluate(*expression.children[0]);
  if (expression.name == "and") return left.truthy() ? evaluate(*expression.children[1]) : left;
  if (expression.name == "or") return left.truthy() ? left : evaluate(*expression.children[1]);
  const Value right = evaluate(*expression.children[1]);
  line_ = expression.line;
  return binary(expression.name, left, right);
}

Value Interpreter::evaluate_compare(const Expression& expression) {
  Value left = evaluate(*expression.children[0]);
  for (std::size_t i = 0; i < expression.operators.size(); ++i) {
    Value right = evaluate(*expression.children[i + 1]);
    if (!compare(expression.operators[i], left, right)) return Value::boolean(false);
    left = std::move(right);
  }
  return Value::boolean(true);
}

bool Interpreter::compare(const std::string& op, const Value& left, const Value& right) const {
  if (op == "==") return equal(left, right);
  if (op == "!=") return !equal(left, right);
  if (op == "in") return contains(right, left);
  if (op == "not in") return !contains(right, left);
  if (op == "<") return less(left, right);
  if (op == ">") return less(right, left);
  if (op == "<=") return less(left, right) || equal(left, right);
  return less(right, left) || equal(left, right);
}

Value Interpreter::evaluate_filters(const Expression& expression, const Value& input) {
  // In `{% filter a | b %}` the innermost filter has no operand: the text of the block takes its place.
  const bool innermost = expression.children[0] == nullptr;
  const bool inner_filter = !innermost && expression.children[0]->kind == ExpressionKind::kFilter;
  const Value value = innermost      ? input
                      : inner_filter ? evaluate_filters(*expression.children[0], input)
                                     : evaluate(*expression.children[0]);
  const Arguments arguments = evaluate_arguments(expression);
  line_ = expression.line;
  return apply_filter(*this, expression.name, value, arguments);
}

Arguments Interpreter::evaluate_arguments(const Expression& expression) {
  Arguments arguments;
  for (std::size_t i = 1; i < expression.children.size(); ++i) {
    arguments.positional.push_back(evaluate(*expression.children[i]));
  }
  for (const auto& [name, value] : expression.named) arguments.named.emplace_back(name, evaluate(*value));
  return arguments;
}

Value Interpreter::call(const Value& callee, const Arguments& arguments) {
  const Deeper deeper(depth_);
  if (depth_ > kMaxExpressionDepth) fail("the template recurses too deep");
  if (callee.is_loop() && callee.as_loop().recurse && arguments.positional.size() == 1) {
    return callee.as_loop().recurse(arguments.positional[0]);
  }
  if (callee.is_undefined()) fail(fmt::format("`{}` is undefined and cannot be called", callee.undefined_name()));
  if (!callee.is_callable()) fail(fmt::format("a value of type {} cannot be called", callee.type_name()));
  return callee.as_callable().call(*this, arguments);
}

Value Interpreter::attribute(const Value& object, const std::string& name) {
  if (object.is_undefined()) {
    fail(fmt::format("`{}` is undefined, so it has no `{}`", object.undefined_name(), name));
  }
  Value method;
  if (object.is_string()) method = string_method(object, name);
  if (object.is_dict()) method = dict_method(object, name);
  if (object.is_list()) method = list_method(object, name);
  if (!method.is_undefined()) return method;
  if (object.is_dict()) {
    if (const Value* found = object.as_dict().find(name)) return *found;
  }
  if (object.is_namespace()) {
    const auto& attributes = object.as_namespace()->attributes;
    const auto found = attributes.find(name);
    if (found != attributes.end()) return found->second;
  }
  if (object.is_loop()) return loop_attribute(object, name);
  return Value::undefined(fmt::format("{}.{}", object.type_name(), name));
}

Value Interpreter::item(const Value& object, const Value& key) {
  if (object.is_undefined()) fail(fmt::format("`{}` is undefined, so it has no items", object.undefined_name()));
  if (object.is_dict()) {
    if (const Value* found = object.as_dict().find(key)) return *found;
  }
  const bool index = key.is_integer() || key.is_boolean();
  if (index && (object.is_list() || object.is_string())) {
    const bool generator = object.is_list() && object.as_list().kind == List::Kind::kGenerator;
    const auto starts = object.is_string() ? character_starts(object.as_string()) : std::vector<std::size_t>();
    const auto size = static_cast<int64_t>(object.is_string() ? starts.size() - 1 : object.as_list().items.size());
    const int64_t at = key.as_integer() < 0 ? key.as_integer() + size : key.as_integer();
    if (generator || at < 0 || at >= size) return Value::undefined(fmt::format("item {}", key.as_integer()));
    if (object.is_list()) return object.as_list().items[at];
    charge(object.as_string().text.size() / 8);  // finding a character walks over the string
    return new_string(object.as_string().slice(starts[at], starts[at + 1]));
  }
  if (key.is_string()) return attribute(object, key.as_string().text);
  return Value::undefined(fmt::format("{}[{}]", object.type_name(), to_repr(key).text));
}

Value Interpreter::loop_attribute(const Value& value, const std::string& name) {
  const Loop& loop = value.as_loop();
  const auto index = static_cast<int64_t>(loop.index), size = static_cast<int64_t>(loop.items->size());
  if (name == "index") return Value::integer(index + 1);
  if (name == "index0") return Value::integer(index);
  if (name == "revindex") return Value::integer(size - index);
  if (name == "revindex0") return Value::integer(size - index - 1);
  if (name == "first") return Value::boolean(index == 0);
  if (name == "last") return Value::boolean(index + 1 == size);
  if (name == "length") return Value::integer(size);
  if (name == "depth") return Value::integer(loop.depth + 1);
  if (name == "depth0") return Value::integer(loop.depth);
  if (name == "previtem") return index > 0 ? (*loop.items)[index - 1] : Value::undefined("loop.previtem");
  if (name == "nextitem") return index + 1 < size ? (*loop.items)[index + 1] : Value::undefined("loop.nextitem");
  if (name != "cycle" && name != "changed") return Value::undefined("loop." + name);
  auto callable = std::make_shared<Callable>();
  callable->name = name;
  callable->depth = value.depth() + 1;
  callable->call = [shared = std::get<std::shared_ptr<Loop>>(value.storage()), cycle = name == "cycle"](
                       Interpreter& self, const Arguments& arguments) {
    if (cycle) {
      if (arguments.positional.empty()) self.fail("`loop.cycle` needs values");
      return arguments.positional[shared->index % arguments.positional.size()];
    }
    std::string now;
    for (const Value& given : arguments.positional) now += to_repr(given).text + '\n';
    self.charge(now.size());
    const bool same = shared->has_changed && shared->last_changed == now;
    shared->last_changed = std::move(now);
    shared->has_changed = true;
    return Value::boolean(!same);
  };
  return Value(Value::Storage(std::shared_ptr<const Callable>(std::move(callable))));
}

std::vector<Value> Interpreter::iterate(const Value& value) {
  if (value.is_undefined()) return {};
  if (value.is_list()) {
    charge(value.as_list().items.size() * sizeof(Value));
    if (value.as_list().kind == List::Kind::kGenerator) return std::move(value.as_list().items);
    return value.as_list().items;
  }
  std::vector<Value> items;
  if (value.is_dict()) {
    for (const auto& [key, member] : value.as_dict().items) items.push_back(key);
  } else if (value.is_string()) {
    const auto starts = character_starts(value.as_string());
    charge(starts.size() * 128);  // a string for each character
    for (std::size_t i = 0; i + 1 < starts.size(); ++i) {
      items.push_back(Value::string(value.as_string().slice(starts[i], starts[i + 1])));
    }
  } else {
    fail(fmt::format("a value of type {} cannot be walked over", value.type_name()));
  }
  return items;
}

}  // namespace dormouse::text::jinja
