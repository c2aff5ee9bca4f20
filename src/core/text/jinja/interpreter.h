// Runs a parsed template. Not thread-safe; one object a render.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/text/jinja/ast.h"
#include "core/text/jinja/builtins.h"

namespace dormouse::text::jinja {

struct Scope {
  std::unordered_map<std::string, Value> names;
  std::shared_ptr<Scope> parent;
};

class Interpreter {
 public:
  Interpreter(std::string place, int64_t unix_time) : place_(std::move(place)), unix_time_(unix_time) {}

  /// The rendered text. `variables` are what the template sees.
  Str run(const Block& program, std::unordered_map<std::string, Value> variables);

  /// Throws kInput at the line that runs.
  [[noreturn]] void fail(std::string_view problem) const;

  /// Counts work and new bytes against the caps.
  void charge(std::size_t bytes);

  Value call(const Value& callee, const Arguments& arguments);
  Value attribute(const Value& object, const std::string& name);
  Value item(const Value& object, const Value& key);
  /// What a `for` walks over. A generator is empty afterwards.
  std::vector<Value> iterate(const Value& value);
  /// Python's <.
  bool less(const Value& a, const Value& b) const;
  bool contains(const Value& container, const Value& element) const;
  Value binary(const std::string& op, const Value& left, const Value& right);
  Value new_string(Str text);
  Value new_list(std::vector<Value> items, List::Kind kind = List::Kind::kList);
  Value new_dict(Dict dict);
  Namespace* new_namespace();
  /// An argument or value that must be of a type; `what` names it in the error.
  int64_t need_integer(const Value& value, std::string_view what) const;
  const Str& need_string(const Value& value, std::string_view what) const;
  int64_t unix_time() const { return unix_time_; }

 private:
  enum class Flow { kNext, kBreak, kContinue };
  class Depth;

  Flow execute(const Block& block);
  Flow execute(const Statement& statement);
  Flow run_for(const Statement& statement, std::vector<Value> items, int depth);
  std::vector<Value> selected(const Statement& statement, std::vector<Value> items);
  void assign(const Target& target, const Value& value);
  void define_macro(const Statement& statement);
  Value make_macro(const Statement& statement, const std::string& name);
  Value call_macro(const Statement& statement, const std::shared_ptr<Scope>& scope, const Arguments& arguments);
  void call_with_caller(const Statement& statement);
  Str captured(const Block& block, Flow* flow = nullptr);
  Str captured_in_scope(const Block& block);
  void write(const Str& text);

  Value evaluate(const Expression& expression);
  Value lookup(const std::string& name) const;
  Value evaluate_list(const Expression& expression);
  Value evaluate_dict(const Expression& expression);
  Value evaluate_unary(const Expression& expression);
  Value evaluate_binary(const Expression& expression);
  Value evaluate_compare(const Expression& expression);
  bool compare(const std::string& op, const Value& left, const Value& right) const;
  Value evaluate_slice(const Expression& expression);
  Value evaluate_filters(const Expression& expression, const Value& input);
  Arguments evaluate_arguments(const Expression& expression);
  Value loop_attribute(const Value& value, const std::string& name);
  Value arithmetic(const std::string& op, const Value& left, const Value& right) const;
  Value integer_arithmetic(const std::string& op, int64_t a, int64_t b) const;
  Value repeated(const Value& value, int64_t count);

  std::string place_;
  int64_t unix_time_;
  int line_ = 1;
  int depth_ = 0;
  std::size_t steps_ = 0, bytes_ = 0;
  std::shared_ptr<Scope> scope_;
  Str* out_ = nullptr;
  std::deque<Namespace> namespaces_;
  std::vector<int> loop_depths_;
};

}  // namespace dormouse::text::jinja
