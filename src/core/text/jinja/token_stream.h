// A cursor over tokens, with the errors that both parsers share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/text/jinja/lexer.h"

namespace dormouse::text::jinja {

class TokenStream {
 public:
  TokenStream(std::vector<Token> tokens, std::string_view place) : tokens_(std::move(tokens)), place_(place) {}

  const Token& peek(std::size_t ahead = 0) const;
  Token next();
  int line() const { return peek().line; }

  bool at(std::string_view operator_text) const { return peek().is(operator_text); }
  bool at_name(std::string_view name) const { return peek().is_name(name); }
  bool skip(std::string_view operator_text);
  bool skip_name(std::string_view name);
  void expect(std::string_view operator_text);
  void expect_name(std::string_view name);
  void expect(TokenKind kind, std::string_view what);
  std::string expect_any_name(std::string_view what);

  [[noreturn]] void fail(std::string_view problem) const;
  [[noreturn]] void fail_at(int line, std::string_view problem) const;

  /// Nesting of expressions and statements, bounded because the parsers recurse.
  class Nested {
   public:
    explicit Nested(TokenStream& stream);
    ~Nested() { --stream_.depth_; }

   private:
    TokenStream& stream_;
  };

 private:
  std::vector<Token> tokens_;
  std::string place_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace dormouse::text::jinja
