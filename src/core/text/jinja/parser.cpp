#include "core/text/jinja/parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

#include "core/base/error.h"
#include "core/text/jinja/expression_parser.h"

namespace dormouse::text::jinja {

namespace {

class Parser {
 public:
  Parser(std::string_view source, std::string_view place)
      : stream_(tokenize(source, place), place), expressions_(stream_) {}

  Block run() {
    Block block = statements({});
    if (stream_.peek().kind != TokenKind::kEnd) stream_.fail("unexpected end of a block");
    return block;
  }

 private:
  // Until a tag with one of these names, whose `{% name` is then consumed and named in `ended_by_`.
  Block statements(std::initializer_list<std::string_view> ends) {
    const TokenStream::Nested nested(stream_);
    Block block;
    while (stream_.peek().kind != TokenKind::kEnd) {
      const Token token = stream_.next();
      if (token.kind == TokenKind::kText) {
        Statement text{StatementKind::kText, token.line};
        text.text = token.text;
        block.push_back(std::move(text));
      } else if (token.kind == TokenKind::kOutputBegin) {
        Statement output{StatementKind::kOutput, token.line};
        output.value = expressions_.tuple();
        stream_.expect(TokenKind::kOutputEnd, "`}}`");
        block.push_back(std::move(output));
      } else {
        const std::string name = stream_.expect_any_name("the name of a tag");
        if (std::find(ends.begin(), ends.end(), name) != ends.end()) {
          ended_by_ = name;
          return block;
        }
        block.push_back(tag(name, token.line));
      }
    }
    if (ends.size() > 0) stream_.fail(fmt::format("the template ends before `{}`", *(ends.end() - 1)));
    return block;
  }

  void end_of_tag() { stream_.expect(TokenKind::kBlockEnd, "`%}`"); }

  Block body(std::initializer_list<std::string_view> ends) {
    end_of_tag();
    return statements(ends);
  }

  Statement tag(const std::string& name, int line) {
    if (name == "if") return if_tag(line);
    if (name == "for") return for_tag(line);
    if (name == "set") return set_tag(line);
    if (name == "macro") return macro_tag(line);
    if (name == "call") return call_tag(line);
    if (name == "filter") return filter_tag(line);
    if (name == "with") return with_tag(line);
    if (name == "generation") {
      Statement made{StatementKind::kGeneration, line};
      made.body = body({"endgeneration"});
      end_of_tag();
      return made;
    }
    if (name == "break" || name == "continue") {
      if (loops_ == 0) stream_.fail_at(line, fmt::format("`{}` outside of a loop", name));
      end_of_tag();
      return Statement{name == "break" ? StatementKind::kBreak : StatementKind::kContinue, line};
    }
    stream_.fail_at(
        line,
        unknown_name("tag", name, {"break",  "call",          "continue", "elif",     "else",   "endcall", "endfilter",
                                   "endfor", "endgeneration", "endif",    "endmacro", "endset", "endwith", "filter",
                                   "for",    "generation",    "if",       "macro",    "raw",    "set",     "with"}));
  }

  Statement if_tag(int line) {
    const TokenStream::Nested nested(stream_);
    Statement made{StatementKind::kIf, line};
    made.value = expressions_.tuple(/*with_ternary=*/true);
    made.body = body({"elif", "else", "endif"});
    if (ended_by_ == "elif") {
      made.otherwise.push_back(if_tag(stream_.line()));  // takes the `endif`
      return made;
    }
    if (ended_by_ == "else") made.otherwise = body({"endif"});
    end_of_tag();
    return made;
  }

  Target target(bool with_attribute) {
    Target made;
    const bool parenthesized = stream_.skip("(");
    made.names.push_back(assignable());
    if (with_attribute && stream_.skip(".")) {
      made.attribute = stream_.expect_any_name("the name of an attribute");
      return made;
    }
    while (stream_.skip(",")) {
      made.unpack = true;
      if (stream_.peek().kind != TokenKind::kName || stream_.at_name("in")) break;
      made.names.push_back(assignable());
    }
    if (parenthesized) stream_.expect(")");
    return made;
  }

  std::string assignable() {
    const std::string name = stream_.expect_any_name("a name to assign to");
    for (const char* word : {"true", "false", "none", "True", "False", "None"}) {
      if (name == word) stream_.fail(fmt::format("cannot assign to `{}`", name));
    }
    return name;
  }

  Statement for_tag(int line) {
    Statement made{StatementKind::kFor, line};
    made.target = target(/*with_attribute=*/false);
    stream_.expect_name("in");
    made.value = expressions_.tuple(/*with_ternary=*/false);
    if (stream_.skip_name("if")) made.condition = expressions_.expression();
    made.recursive = stream_.skip_name("recursive");
    ++loops_;
    made.body = body({"else", "endfor"});
    --loops_;
    if (ended_by_ == "else") made.otherwise = body({"endfor"});
    end_of_tag();
    return made;
  }

  Statement set_tag(int line) {
    Statement made{StatementKind::kSet, line};
    made.target = target(/*with_attribute=*/true);
    if (stream_.skip("=")) {
      made.value = expressions_.tuple();
      end_of_tag();
      return made;
    }
    made.kind = StatementKind::kSetBlock;
    if (stream_.skip("|")) made.value = expressions_.filters_alone();
    made.body = body({"endset"});
    end_of_tag();
    return made;
  }

  std::vector<Parameter> parameters() {
    std::vector<Parameter> made;
    stream_.expect("(");
    while (!stream_.at(")")) {
      if (!made.empty()) stream_.expect(",");
      Parameter parameter{assignable(), nullptr};
      if (stream_.skip("=")) parameter.fallback = expressions_.expression();
      if (!parameter.fallback && !made.empty() && made.back().fallback) {
        stream_.fail("a parameter without a default behind one with a default");
      }
      made.push_back(std::move(parameter));
    }
    stream_.expect(")");
    return made;
  }

  // The body of a macro is no part of the loop around it.
  Block separate_body(std::initializer_list<std::string_view> ends) {
    const int loops = std::exchange(loops_, 0);
    Block made = body(ends);
    loops_ = loops;
    end_of_tag();
    return made;
  }

  Statement macro_tag(int line) {
    Statement made{StatementKind::kMacro, line};
    made.text = assignable();
    made.parameters = parameters();
    made.body = separate_body({"endmacro"});
    return made;
  }

  Statement call_tag(int line) {
    Statement made{StatementKind::kCall, line};
    if (stream_.at("(")) made.parameters = parameters();
    made.value = expressions_.expression();
    if (made.value->kind != ExpressionKind::kCall) stream_.fail_at(line, "`call` needs a call, such as `call name()`");
    made.body = separate_body({"endcall"});
    return made;
  }

  Statement filter_tag(int line) {
    Statement made{StatementKind::kFilter, line};
    made.value = expressions_.filters_alone();
    made.body = body({"endfilter"});
    end_of_tag();
    return made;
  }

  Statement with_tag(int line) {
    Statement made{StatementKind::kWith, line};
    while (stream_.peek().kind != TokenKind::kBlockEnd) {
      if (!made.assignments.empty()) stream_.expect(",");
      std::string name = assignable();
      stream_.expect("=");
      made.assignments.emplace_back(std::move(name), expressions_.expression());
    }
    made.body = body({"endwith"});
    end_of_tag();
    return made;
  }

  TokenStream stream_;
  ExpressionParser expressions_;
  std::string ended_by_;
  int loops_ = 0;
};

}  // namespace

Block parse(std::string_view source, std::string_view place) { return Parser(source, place).run(); }

}  // namespace dormouse::text::jinja
