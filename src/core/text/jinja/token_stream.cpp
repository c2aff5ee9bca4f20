#include "core/text/jinja/token_stream.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"

namespace dormouse::text::jinja {

namespace {

constexpr int kMaxNesting = 150;

std::string described(const Token& token) {
  switch (token.kind) {
    case TokenKind::kText:
      return "text";
    case TokenKind::kOutputBegin:
      return "`{{`";
    case TokenKind::kOutputEnd:
      return "`}}`";
    case TokenKind::kBlockBegin:
      return "`{%`";
    case TokenKind::kBlockEnd:
      return "`%}`";
    case TokenKind::kString:
      return "a string";
    case TokenKind::kEnd:
      return "the end of the template";
    default:
      return fmt::format("`{}`", token.text);
  }
}

}  // namespace

const Token& TokenStream::peek(std::size_t ahead) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }

Token TokenStream::next() {
  Token token = peek();
  if (at_ + 1 < tokens_.size()) ++at_;
  return token;
}

bool TokenStream::skip(std::string_view operator_text) {
  if (!at(operator_text)) return false;
  next();
  return true;
}

bool TokenStream::skip_name(std::string_view name) {
  if (!at_name(name)) return false;
  next();
  return true;
}

void TokenStream::expect(std::string_view operator_text) {
  if (!skip(operator_text)) fail(fmt::format("expected `{}`, found {}", operator_text, described(peek())));
}

void TokenStream::expect_name(std::string_view name) {
  if (!skip_name(name)) fail(fmt::format("expected `{}`, found {}", name, described(peek())));
}

void TokenStream::expect(TokenKind kind, std::string_view what) {
  if (peek().kind != kind) fail(fmt::format("expected {}, found {}", what, described(peek())));
  next();
}

std::string TokenStream::expect_any_name(std::string_view what) {
  if (peek().kind != TokenKind::kName) fail(fmt::format("expected {}, found {}", what, described(peek())));
  return next().text;
}

void TokenStream::fail(std::string_view problem) const { fail_at(line(), problem); }

void TokenStream::fail_at(int line, std::string_view problem) const {
  fail_input(fmt::format("{}:{}", place_, line), problem);
}

TokenStream::Nested::Nested(TokenStream& stream) : stream_(stream) {
  if (++stream_.depth_ > kMaxNesting) {
    --stream_.depth_;
    stream_.fail(fmt::format("nested deeper than {}", kMaxNesting));
  }
}

}  // namespace dormouse::text::jinja
