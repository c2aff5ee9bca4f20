#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/text/jinja/interpreter.h"

namespace dormouse::text::jinja {

namespace {

constexpr std::size_t kMaxSteps = 20'000'000;
constexpr std::size_t kMaxBytes = std::size_t{512} << 20;  // made in one render, all strings and lists together
constexpr std::size_t kMaxOutput = std::size_t{64} << 20;
constexpr int kMaxDepth = 600;
constexpr int kMaxValueDepth = 100;

}  // namespace

class Interpreter::Depth {
 public:
  explicit Depth(Interpreter& interpreter) : interpreter_(interpreter) {
    if (++interpreter_.depth_ > kMaxDepth) {
      --interpreter_.depth_;
      interpreter_.fail(fmt::format("the template recurses deeper than {}", kMaxDepth));
    }
  }
  ~Depth() { --interpreter_.depth_; }

 private:
  Interpreter& interpreter_;
};

Str Interpreter::run(const Block& program, std::unordered_map<std::string, Value> variables) {
  scope_ = std::make_shared<Scope>();
  scope_->names = std::move(variables);
  Str out;
  out_ = &out;
  execute(program);
  out_ = nullptr;
  return out;
}

void Interpreter::fail(std::string_view problem) const { fail_input(fmt::format("{}:{}", place_, line_), problem); }

void Interpreter::charge(std::size_t bytes) {
  if (++steps_ > kMaxSteps) fail(fmt::format("the template takes more than {} steps", kMaxSteps));
  bytes_ += bytes;
  if (bytes_ > kMaxBytes) fail(fmt::format("the template makes more than {} MiB of values", kMaxBytes >> 20));
}

Value Interpreter::new_string(Str text) {
  charge(text.text.size() + text.marks.size());
  return Value::string(std::move(text));
}

Value Interpreter::new_list(std::vector<Value> items, List::Kind kind) {
  charge(items.size() * sizeof(Value));
  Value made = Value::list(std::move(items), kind);
  if (made.depth() > kMaxValueDepth) fail(fmt::format("a list nested deeper than {}", kMaxValueDepth));
  return made;
}

Value Interpreter::new_dict(Dict dict) {
  charge(dict.items.size() * 2 * sizeof(Value));
  if (dict.depth > kMaxValueDepth) fail(fmt::format("a dict nested deeper than {}", kMaxValueDepth));
  return Value::dict(std::move(dict));
}

Namespace* Interpreter::new_namespace() {
  charge(sizeof(Namespace));
  return &namespaces_.emplace_back();
}

void Interpreter::write(const Str& text) {
  charge(text.text.size());
  if (out_->text.size() + text.text.size() > kMaxOutput) {
    fail(fmt::format("the template writes more than {} MiB", kMaxOutput >> 20));
  }
  out_->append(text);
}

Interpreter::Flow Interpreter::execute(const Block& block) {
  const Depth depth(*this);
  for (const Statement& statement : block) {
    const Flow flow = execute(statement);
    if (flow != Flow::kNext) return flow;
  }
  return Flow::kNext;
}

Interpreter::Flow Interpreter::execute(const Statement& statement) {
  line_ = statement.line;
  charge(0);
  Flow flow = Flow::kNext;
  switch (statement.kind) {
    case StatementKind::kText:
      write(Str(statement.text));
      break;
    case StatementKind::kOutput:
      write(to_str(evaluate(*statement.value)));
      break;
    case StatementKind::kIf:
      return execute(evaluate(*statement.value).truthy() ? statement.body : statement.otherwise);
    case StatementKind::kFor:
      return run_for(statement, iterate(evaluate(*statement.value)), /*depth=*/0);
    case StatementKind::kSet:
      assign(statement.target, evaluate(*statement.value));
      break;
    case StatementKind::kSetBlock: {
      Value value = new_string(captured_in_scope(statement.body));
      assign(statement.target, statement.value ? evaluate_filters(*statement.value, value) : value);
      break;
    }
    case StatementKind::kMacro:
      define_macro(statement);
      break;
    case StatementKind::kCall:
      call_with_caller(statement);
      break;
    case StatementKind::kFilter:
      write(to_str(evaluate_filters(*statement.value, new_string(captured_in_scope(statement.body)))));
      break;
    case StatementKind::kWith:
    case StatementKind::kGeneration: {
      auto inner = std::make_shared<Scope>();
      inner->parent = scope_;
      for (const auto& [name, value] : statement.assignments) inner->names[name] = evaluate(*value);
      const auto outer = std::exchange(scope_, inner);
      flow = execute(statement.body);
      scope_ = outer;
      break;
    }
    case StatementKind::kBreak:
      return Flow::kBreak;
    case StatementKind::kContinue:
      return Flow::kContinue;
  }
  return flow;
}

Str Interpreter::captured(const Block& block, Flow* flow) {
  Str text;
  Str* const outer = std::exchange(out_, &text);
  const Flow ended = execute(block);
  if (flow != nullptr) *flow = ended;
  out_ = outer;
  return text;
}

Str Interpreter::captured_in_scope(const Block& block) {
  auto inner = std::make_shared<Scope>();
  inner->parent = scope_;
  const auto outer = std::exchange(scope_, inner);
  Str text = captured(block);
  scope_ = outer;
  return text;
}

std::vector<Value> Interpreter::selected(const Statement& statement, std::vector<Value> items) {
  if (!statement.condition) return items;
  std::vector<Value> kept;
  auto inner = std::make_shared<Scope>();
  inner->parent = scope_;
  const auto outer = std::exchange(scope_, inner);
  for (Value& item : items) {
    assign(statement.target, item);
    if (evaluate(*statement.condition).truthy()) kept.push_back(std::move(item));
  }
  scope_ = outer;
  return kept;
}

Interpreter::Flow Interpreter::run_for(const Statement& statement, std::vector<Value> all, int depth) {
  const Depth nested(*this);
  auto loop = std::make_shared<Loop>();
  loop->items = std::make_shared<const std::vector<Value>>(selected(statement, std::move(all)));
  loop->depth = depth;
  for (const Value& item : *loop->items) loop->nesting = std::max(loop->nesting, item.depth() + 1);
  if (loop->nesting > kMaxValueDepth) fail(fmt::format("values nested deeper than {}", kMaxValueDepth));
  if (statement.recursive) {
    loop->recurse = [this, &statement, depth](const Value& inner) {
      Str text;
      Str* const outer = std::exchange(out_, &text);
      run_for(statement, iterate(inner), depth + 1);
      out_ = outer;
      return new_string(std::move(text));
    };
  }
  if (loop->items->empty()) return execute(statement.otherwise);
  const auto outer = scope_;
  Flow flow = Flow::kNext;
  for (; loop->index < loop->items->size() && flow != Flow::kBreak; ++loop->index) {
    line_ = statement.line;
    charge(sizeof(Scope));
    // Each turn begins with fresh names: what a turn sets is not seen by the next one.
    scope_ = std::make_shared<Scope>();
    scope_->parent = outer;
    scope_->names["loop"] = Value(Value::Storage(loop));
    assign(statement.target, (*loop->items)[loop->index]);
    flow = execute(statement.body);
  }
  scope_ = outer;
  return Flow::kNext;
}

void Interpreter::assign(const Target& target, const Value& value) {
  if (!target.attribute.empty()) {
    const Value object = lookup(target.names[0]);
    if (!object.is_namespace()) fail("cannot assign an attribute of anything but a namespace");
    if (target.attribute.starts_with('_')) fail("a namespace takes no attribute that begins with an underscore");
    object.as_namespace()->attributes[target.attribute] = value;
    return;
  }
  if (!target.unpack) {
    scope_->names[target.names[0]] = value;
    return;
  }
  std::vector<Value> parts = iterate(value);
  if (parts.size() != target.names.size()) {
    fail(fmt::format("cannot unpack {} values into {} names", parts.size(), target.names.size()));
  }
  for (std::size_t i = 0; i < parts.size(); ++i) scope_->names[target.names[i]] = std::move(parts[i]);
}

void Interpreter::define_macro(const Statement& statement) {
  scope_->names[statement.text] = make_macro(statement, statement.text);
}

// The macro must not keep its scope alive: the scope holds the macro.
Value Interpreter::make_macro(const Statement& statement, const std::string& name) {
  auto callable = std::make_shared<Callable>();
  callable->name = name;
  callable->call = [&statement, home = std::weak_ptr<Scope>(scope_)](Interpreter& self, const Arguments& arguments) {
    const auto scope = home.lock();
    if (!scope) self.fail("a macro is called after the block that defined it has ended");
    return self.call_macro(statement, scope, arguments);
  };
  return Value(Value::Storage(std::shared_ptr<const Callable>(std::move(callable))));
}

Value Interpreter::call_macro(const Statement& statement, const std::shared_ptr<Scope>& home,
                              const Arguments& arguments) {
  const Depth depth(*this);
  const auto& parameters = statement.parameters;
  if (arguments.positional.size() > parameters.size()) {
    fail(fmt::format("macro `{}` takes {} arguments, not {}", statement.text, parameters.size(),
                     arguments.positional.size()));
  }
  auto inner = std::make_shared<Scope>();
  inner->parent = home;
  for (const auto& [name, value] : arguments.named) {
    bool known = name == "caller";
    for (const Parameter& parameter : parameters) known = known || parameter.name == name;
    if (!known) fail(fmt::format("macro `{}` has no parameter `{}`", statement.text, name));
    inner->names[name] = value;
  }
  const auto outer = std::exchange(scope_, inner);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Parameter& parameter = parameters[i];
    if (i < arguments.positional.size()) {
      inner->names[parameter.name] = arguments.positional[i];
    } else if (!inner->names.contains(parameter.name)) {
      inner->names[parameter.name] =
          parameter.fallback ? evaluate(*parameter.fallback) : Value::undefined(parameter.name);
    }
  }
  Str text = captured(statement.body);
  scope_ = outer;
  return new_string(std::move(text));
}

void Interpreter::call_with_caller(const Statement& statement) {
  const Expression& call_expression = *statement.value;
  Arguments arguments = evaluate_arguments(call_expression);
  arguments.named.emplace_back("caller", make_macro(statement, "caller"));
  write(to_str(call(evaluate(*call_expression.children[0]), arguments)));
}

}  // namespace dormouse::text::jinja
