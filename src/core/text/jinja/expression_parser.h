// Expressions, in jinja2's grammar and precedence.
#pragma once

#include "core/text/jinja/ast.h"
#include "core/text/jinja/token_stream.h"

namespace dormouse::text::jinja {

class ExpressionParser {
 public:
  explicit ExpressionParser(TokenStream& stream) : stream_(stream) {}

  /// With the ternary, unless `with_ternary` is false (the iterable of `for`).
  ExpressionPtr expression(bool with_ternary = true);
  /// `a, b` makes a tuple; one expression alone stays itself.
  ExpressionPtr tuple(bool with_ternary = true);
  /// `name(args) | name ...`, applied to what a block gives; at least one filter.
  ExpressionPtr filters_alone();
  /// `(args)` into `call`.
  void arguments(Expression& call);

 private:
  ExpressionPtr make(ExpressionKind kind, std::string name = {});
  ExpressionPtr binary(std::string name, ExpressionPtr left, ExpressionPtr right);
  ExpressionPtr disjunction();
  ExpressionPtr conjunction();
  ExpressionPtr negation();
  ExpressionPtr comparison();
  ExpressionPtr sum();
  ExpressionPtr concatenation();
  ExpressionPtr product();
  ExpressionPtr power();
  ExpressionPtr unary(bool with_filters);
  ExpressionPtr primary();
  ExpressionPtr parenthesized();
  ExpressionPtr list();
  ExpressionPtr dict();
  ExpressionPtr postfix(ExpressionPtr value);
  ExpressionPtr filters_and_tests(ExpressionPtr value);
  ExpressionPtr filter(ExpressionPtr value);
  ExpressionPtr test(ExpressionPtr value);
  ExpressionPtr subscript(ExpressionPtr value);

  TokenStream& stream_;
};

}  // namespace dormouse::text::jinja
