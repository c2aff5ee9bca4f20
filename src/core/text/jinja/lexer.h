// Cuts a template into text, and into the tokens of its tags. Applies the whitespace rules of jinja2 with
// trim_blocks and lstrip_blocks: the newline behind a block tag goes, and so do the blanks before one at the
// beginning of a line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dormouse::text::jinja {

enum class TokenKind {
  kText,         // between tags
  kOutputBegin,  // {{
  kOutputEnd,    // }}
  kBlockBegin,   // {%
  kBlockEnd,     // %}
  kName,
  kString,  // escapes already replaced
  kInteger,
  kReal,
  kOperator,
  kEnd,
};

struct Token {
  TokenKind kind;
  std::string text;
  int line;

  bool is(std::string_view operator_text) const { return kind == TokenKind::kOperator && text == operator_text; }
  bool is_name(std::string_view name) const { return kind == TokenKind::kName && text == name; }
};

/// The last token is kEnd. Throws kInput "PLACE:LINE: ..." on malformed input.
std::vector<Token> tokenize(std::string_view source, std::string_view place);

}  // namespace dormouse::text::jinja
