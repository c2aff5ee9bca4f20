#include "core/text/jinja/expression_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

#include "core/base/error.h"
#include "core/text/jinja/builtins.h"

namespace dormouse::text::jinja {

ExpressionPtr ExpressionParser::make(ExpressionKind kind, std::string name) {
  auto made = std::make_unique<Expression>();
  made->kind = kind;
  made->line = stream_.line();
  made->name = std::move(name);
  return made;
}

ExpressionPtr ExpressionParser::binary(std::string name, ExpressionPtr left, ExpressionPtr right) {
  auto made = make(ExpressionKind::kBinary, std::move(name));
  made->line = left->line;
  made->children.push_back(std::move(left));
  made->children.push_back(std::move(right));
  return made;
}

ExpressionPtr ExpressionParser::expression(bool with_ternary) {
  const TokenStream::Nested nested(stream_);
  if (!with_ternary) return disjunction();
  auto value = disjunction();
  std::vector<std::unique_ptr<TokenStream::Nested>> levels;
  while (stream_.skip_name("if")) {
    levels.push_back(std::make_unique<TokenStream::Nested>(stream_));
    auto made = make(ExpressionKind::kTernary);
    made->children.push_back(std::move(value));
    made->children.push_back(disjunction());
    made->children.push_back(stream_.skip_name("else") ? expression() : nullptr);
    value = std::move(made);
  }
  return value;
}

ExpressionPtr ExpressionParser::tuple(bool with_ternary) {
  auto first = expression(with_ternary);
  if (!stream_.at(",")) return first;
  auto made = make(ExpressionKind::kTuple);
  made->children.push_back(std::move(first));
  while (stream_.skip(",")) {
    const TokenKind kind = stream_.peek().kind;
    if (kind == TokenKind::kBlockEnd || kind == TokenKind::kOutputEnd || stream_.at(")")) break;
    made->children.push_back(expression(with_ternary));
  }
  return made;
}

// The loops below make trees that lean to the left, one level an operator: these count as nesting too,
// because running and freeing the tree recurses.
ExpressionPtr ExpressionParser::disjunction() {
  auto left = conjunction();
  std::vector<std::unique_ptr<TokenStream::Nested>> levels;
  while (stream_.skip_name("or")) {
    levels.push_back(std::make_unique<TokenStream::Nested>(stream_));
    left = binary("or", std::move(left), conjunction());
  }
  return left;
}

ExpressionPtr ExpressionParser::conjunction() {
  auto left = negation();
  std::vector<std::unique_ptr<TokenStream::Nested>> levels;
  while (stream_.skip_name("and")) {
    levels.push_back(std::make_unique<TokenStream::Nested>(stream_));
    left = binary("and", std::move(left), negation());
  }
  return left;
}

ExpressionPtr ExpressionParser::negation() {
  if (!stream_.at_name("not")) return comparison();
  const TokenStream::Nested nested(stream_);
  auto made = make(ExpressionKind::kUnary, "not");
  stream_.next();
  made->children.push_back(negation());
  return made;
}

ExpressionPtr ExpressionParser::comparison() {
  auto first = sum();
  auto made = make(ExpressionKind::kCompare);
  made->line = first->line;
  while (true) {
    std::string op;
    for (const char* symbol : {"==", "!=", "<=", ">=", "<", ">"}) {
      if (op.empty() && stream_.skip(symbol)) op = symbol;
    }
    if (op.empty() && stream_.skip_name("in")) op = "in";
    if (op.empty() && stream_.at_name("not") && stream_.peek(1).is_name("in")) {
      stream_.next();
      stream_.next();
      op = "not in";
    }
    if (op.empty()) break;
    made->operators.push_back(op);
    if (made->children.empty()) made->children.push_back(std::move(first));
    made->children.push_back(sum());
  }
  return made->operators.empty() ? std::move(first) : std::move(made);
}

ExpressionPtr ExpressionParser::sum() {
  auto left = concatenation();
  std::vector<std::unique_ptr<TokenStream::Nested>> levels;
  while (stream_.at("+") || stream_.at("-")) {
    levels.push_back(std::make_unique<TokenStream::Nested>(stream_));
    std::string op = stream_.next().text;
    left = binary(std::move(op), std::move(left), concatenation());
  }
  return left;
}

ExpressionPtr ExpressionParser::concatenation() {
  auto left = product();
  std::vector<std::unique_ptr<TokenStream::Nested>> levels;
  while (stream_.skip("~")) {
    levels.push_back(std::make_unique<TokenStream::Nested>(stream_));
    left = binary("~", std::move(left), product());
  }
  return left;
}

ExpressionPtr ExpressionParser::product() {
  auto left = power();
  std::vector<std::unique_ptr<TokenStream::Nested>> levels;
  while (stream_.at("*") || stream_.at("/") || stream_.at("//") || stream_.at("%")) {
    levels.push_back(std::make_unique<TokenStream::Nested>(stream_));
    std::string op = stream_.next().text;
    left = binary(std::move(op), std::move(left), power());
  }
  return left;
}

ExpressionPtr ExpressionParser::power() {
  auto left = unary(/*with_filters=*/true);
  std::vector<std::unique_ptr<TokenStream::Nested>> levels;
  while (stream_.skip("**")) {
    levels.push_back(std::make_unique<TokenStream::Nested>(stream_));
    left = binary("**", std::move(left), unary(/*with_filters=*/true));
  }
  return left;
}

ExpressionPtr ExpressionParser::unary(bool with_filters) {
  ExpressionPtr value;
  if (stream_.at("-") || stream_.at("+")) {
    const TokenStream::Nested nested(stream_);
    value = make(ExpressionKind::kUnary, stream_.peek().text);
    stream_.next();
    value->children.push_back(unary(/*with_filters=*/false));
  } else {
    value = primary();
  }
  value = postfix(std::move(value));
  return with_filters ? filters_and_tests(std::move(value)) : std::move(value);
}

namespace {

bool constant_name(const std::string& name, Value& value) {
  if (name == "true" || name == "True") {
    value = Value::boolean(true);
  } else if (name == "false" || name == "False") {
    value = Value::boolean(false);
  } else if (name == "none" || name == "None") {
    value = Value::none();
  } else {
    return false;
  }
  return true;
}

}  // namespace

ExpressionPtr ExpressionParser::primary() {
  if (stream_.at("(")) return parenthesized();
  if (stream_.at("[")) return list();
  if (stream_.at("{")) return dict();
  auto made = make(ExpressionKind::kConstant);
  const Token token = stream_.next();
  if (token.kind == TokenKind::kName) {
    if (!constant_name(token.text, made->constant)) {
      made->kind = ExpressionKind::kName;
      made->name = token.text;
    }
  } else if (token.kind == TokenKind::kString) {
    std::string text = token.text;
    while (stream_.peek().kind == TokenKind::kString) text += stream_.next().text;
    made->constant = Value::string(std::move(text));
  } else if (token.kind == TokenKind::kInteger) {
    int64_t number = 0;
    const auto result = std::from_chars(token.text.data(), token.text.data() + token.text.size(), number);
    if (result.ec != std::errc()) stream_.fail_at(token.line, fmt::format("number `{}` is too large", token.text));
    made->constant = Value::integer(number);
  } else if (token.kind == TokenKind::kReal) {
    made->constant = Value::real(std::strtod(token.text.c_str(), nullptr));
  } else {
    stream_.fail_at(token.line,
                    fmt::format("expected an expression{}",
                                token.text.empty() ? std::string() : fmt::format(", found `{}`", token.text)));
  }
  return made;
}

ExpressionPtr ExpressionParser::parenthesized() {
  stream_.expect("(");
  if (stream_.skip(")")) return make(ExpressionKind::kTuple);
  auto value = tuple();
  stream_.expect(")");
  return value;
}

ExpressionPtr ExpressionParser::list() {
  auto made = make(ExpressionKind::kList);
  stream_.expect("[");
  while (!stream_.at("]")) {
    if (!made->children.empty()) stream_.expect(",");
    if (stream_.at("]")) break;
    made->children.push_back(expression());
  }
  stream_.expect("]");
  return made;
}

ExpressionPtr ExpressionParser::dict() {
  auto made = make(ExpressionKind::kDict);
  stream_.expect("{");
  while (!stream_.at("}")) {
    if (!made->children.empty()) stream_.expect(",");
    if (stream_.at("}")) break;
    made->children.push_back(expression());
    stream_.expect(":");
    made->children.push_back(expression());
  }
  stream_.expect("}");
  return made;
}

ExpressionPtr ExpressionParser::postfix(ExpressionPtr value) {
  std::vector<std::unique_ptr<TokenStream::Nested>> levels;
  while (true) {
    if (stream_.at(".") || stream_.at("[")) {
      value = subscript(std::move(value));
    } else if (stream_.at("(")) {
      auto call = make(ExpressionKind::kCall);
      call->children.push_back(std::move(value));
      arguments(*call);
      value = std::move(call);
    } else {
      return value;
    }
    levels.push_back(std::make_unique<TokenStream::Nested>(stream_));
  }
}

ExpressionPtr ExpressionParser::filters_and_tests(ExpressionPtr value) {
  std::vector<std::unique_ptr<TokenStream::Nested>> levels;
  while (true) {
    if (stream_.skip("|")) {
      value = filter(std::move(value));
    } else if (stream_.skip_name("is")) {
      value = test(std::move(value));
    } else if (stream_.at("(")) {
      auto call = make(ExpressionKind::kCall);
      call->children.push_back(std::move(value));
      arguments(*call);
      value = std::move(call);
    } else {
      return value;
    }
    levels.push_back(std::make_unique<TokenStream::Nested>(stream_));
  }
}

ExpressionPtr ExpressionParser::filter(ExpressionPtr value) {
  auto made = make(ExpressionKind::kFilter);
  made->name = stream_.expect_any_name("the name of a filter");
  const auto& known = filter_names();
  if (!std::binary_search(known.begin(), known.end(), made->name)) {
    stream_.fail_at(made->line, unknown_name("filter", made->name, known));
  }
  made->children.push_back(std::move(value));
  if (stream_.at("(")) arguments(*made);
  return made;
}

ExpressionPtr ExpressionParser::filters_alone() {
  auto value = filter(nullptr);
  std::vector<std::unique_ptr<TokenStream::Nested>> levels;
  while (stream_.skip("|")) {
    levels.push_back(std::make_unique<TokenStream::Nested>(stream_));
    value = filter(std::move(value));
  }
  return value;
}

ExpressionPtr ExpressionParser::test(ExpressionPtr value) {
  const bool negated = stream_.skip_name("not");
  auto made = make(ExpressionKind::kTest);
  made->name = stream_.expect_any_name("the name of a test");
  const auto& known = test_names();
  if (!std::binary_search(known.begin(), known.end(), made->name)) {
    stream_.fail_at(made->line, unknown_name("test", made->name, known));
  }
  made->children.push_back(std::move(value));
  const Token& token = stream_.peek();
  const bool literal = token.kind == TokenKind::kString || token.kind == TokenKind::kInteger ||
                       token.kind == TokenKind::kReal || token.is("[") || token.is("{");
  const bool name = token.kind == TokenKind::kName && token.text != "else" && token.text != "or" &&
                    token.text != "and" && token.text != "if" && token.text != "not" && token.text != "in";
  if (token.is("(")) {
    arguments(*made);
  } else if (token.is_name("is")) {
    stream_.fail("tests cannot be chained with `is`");
  } else if (literal || name) {
    made->children.push_back(postfix(primary()));
  }
  if (!negated) return made;
  auto outer = make(ExpressionKind::kUnary, "not");
  outer->children.push_back(std::move(made));
  return outer;
}

void ExpressionParser::arguments(Expression& call) {
  const TokenStream::Nested nested(stream_);
  stream_.expect("(");
  bool first = true;
  while (!stream_.at(")")) {
    if (!first) stream_.expect(",");
    if (stream_.at(")")) break;
    first = false;
    if (stream_.at("*") || stream_.at("**")) stream_.fail("`*` and `**` before an argument are not supported");
    if (stream_.peek().kind == TokenKind::kName && stream_.peek(1).is("=")) {
      std::string name = stream_.next().text;
      stream_.next();
      call.named.emplace_back(std::move(name), expression());
    } else {
      if (!call.named.empty()) stream_.fail("an argument without a name behind one with a name");
      call.children.push_back(expression());
    }
  }
  stream_.expect(")");
}

ExpressionPtr ExpressionParser::subscript(ExpressionPtr value) {
  if (stream_.skip(".")) {
    if (stream_.peek().kind == TokenKind::kInteger) {
      auto item = make(ExpressionKind::kItem);
      item->children.push_back(std::move(value));
      item->children.push_back(primary());
      return item;
    }
    auto attribute = make(ExpressionKind::kAttribute);
    attribute->name = stream_.expect_any_name("the name of an attribute");
    attribute->children.push_back(std::move(value));
    return attribute;
  }
  auto made = make(ExpressionKind::kItem);
  stream_.expect("[");
  made->children.push_back(std::move(value));
  made->children.push_back(stream_.at(":") ? nullptr : tuple());
  if (stream_.at(":")) {
    made->kind = ExpressionKind::kSlice;
    for (int part = 0; part < 2; ++part) {
      const bool given = stream_.skip(":") && !stream_.at(":") && !stream_.at("]");
      made->children.push_back(given ? expression() : nullptr);
    }
  }
  stream_.expect("]");
  return made;
}

}  // namespace dormouse::text::jinja
