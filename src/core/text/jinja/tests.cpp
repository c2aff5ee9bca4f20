// The tests behind `is`.
#include <fmt/format.h>

#include <cmath>
#include <map>

#include "core/base/error.h"
#include "core/text/jinja/interpreter.h"
#include "core/text/unicode.h"

namespace dormouse::text::jinja {

namespace {

const Value& operand(Interpreter& in, const Arguments& arguments) {
  if (arguments.positional.size() != 1) in.fail("this test needs one value to compare with");
  return arguments.positional[0];
}

bool is_sequence(const Value& v) {
  return v.is_string() || v.is_dict() || v.is_undefined() ||
         (v.is_list() && v.as_list().kind != List::Kind::kGenerator);
}

template <std::string (*kChange)(std::string_view)>
bool has_case(const std::string& text) {
  bool cased = false;
  for (std::size_t i = 0; i < text.size();) cased = is_cased_letter(next_character(text, i)) || cased;
  return cased && kChange(text) == text;
}

int64_t remainder(Interpreter& in, const Value& value, int64_t divisor) {
  if (divisor == 0) in.fail("division by zero");
  const int64_t number = in.need_integer(value, "this test");
  return divisor == -1 ? 0 : number % divisor;
}

using TestTable = std::map<std::string, Test>;

#define DORMOUSE_TEST(expression)                                         \
  [](Interpreter& in, const Value& v, const Arguments& args) -> bool {    \
    static_cast<void>(in), static_cast<void>(v), static_cast<void>(args); \
    return expression;                                                    \
  }

TestTable make_tests() {
  const Test equal_to = DORMOUSE_TEST(equal(v, operand(in, args)));
  const Test not_equal = DORMOUSE_TEST(!equal(v, operand(in, args)));
  const Test greater = DORMOUSE_TEST(in.less(operand(in, args), v));
  const Test smaller = DORMOUSE_TEST(in.less(v, operand(in, args)));
  const Test at_least = DORMOUSE_TEST(in.less(operand(in, args), v) || equal(v, operand(in, args)));
  const Test at_most = DORMOUSE_TEST(in.less(v, operand(in, args)) || equal(v, operand(in, args)));
  return {
      {"defined", DORMOUSE_TEST(!v.is_undefined())},
      {"undefined", DORMOUSE_TEST(v.is_undefined())},
      {"none", DORMOUSE_TEST(v.is_none())},
      {"boolean", DORMOUSE_TEST(v.is_boolean())},
      {"true", DORMOUSE_TEST(v.is_boolean() && v.as_boolean())},
      {"false", DORMOUSE_TEST(v.is_boolean() && !v.as_boolean())},
      {"integer", DORMOUSE_TEST(v.is_integer())},
      {"float", DORMOUSE_TEST(v.is_real())},
      {"number", DORMOUSE_TEST(v.is_number())},
      {"string", DORMOUSE_TEST(v.is_string())},
      {"mapping", DORMOUSE_TEST(v.is_dict())},
      {"iterable", DORMOUSE_TEST(is_sequence(v) || v.is_list())},
      {"sequence", DORMOUSE_TEST(is_sequence(v))},
      {"callable", DORMOUSE_TEST(v.is_callable() || v.is_loop() || v.is_undefined())},
      {"sameas",
       DORMOUSE_TEST(v.storage().index() == operand(in, args).storage().index() && equal(v, operand(in, args)))},
      {"lower", DORMOUSE_TEST(has_case<lower>(to_str(v).text))},
      {"upper", DORMOUSE_TEST(has_case<upper>(to_str(v).text))},
      {"odd", DORMOUSE_TEST(remainder(in, v, 2) != 0)},
      {"even", DORMOUSE_TEST(remainder(in, v, 2) == 0)},
      {"divisibleby", DORMOUSE_TEST(remainder(in, v, in.need_integer(operand(in, args), "divisibleby")) == 0)},
      {"in", DORMOUSE_TEST(in.contains(operand(in, args), v))},
      {"escaped", DORMOUSE_TEST(false)},
      {"eq", equal_to},
      {"equalto", equal_to},
      {"==", equal_to},
      {"ne", not_equal},
      {"!=", not_equal},
      {"gt", greater},
      {"greaterthan", greater},
      {">", greater},
      {"lt", smaller},
      {"lessthan", smaller},
      {"<", smaller},
      {"ge", at_least},
      {">=", at_least},
      {"le", at_most},
      {"<=", at_most},
  };
}

#undef DORMOUSE_TEST

const TestTable& tests() {
  static const TestTable table = make_tests();
  return table;
}

}  // namespace

const std::vector<std::string>& test_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& [name, test] : tests()) all.push_back(name);
    return all;
  }();
  return names;
}

bool apply_test(Interpreter& interpreter, const std::string& name, const Value& input, const Arguments& arguments) {
  const auto found = tests().find(name);
  if (found == tests().end()) interpreter.fail(unknown_name("test", name, test_names()));
  return found->second(interpreter, input, arguments);
}

}  // namespace dormouse::text::jinja
