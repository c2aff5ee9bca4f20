#include "core/text/jinja/lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "core/base/error.h"
#include "core/text/unicode.h"

namespace dormouse::text::jinja {

namespace {

// Line ends become "\n", and one at the very end goes.
std::string normalized_lines(std::string_view source) {
  std::string out;
  out.reserve(source.size());
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source[i] == '\r') {
      out += '\n';
      if (i + 1 < source.size() && source[i + 1] == '\n') ++i;
    } else {
      out += source[i];
    }
  }
  if (out.ends_with('\n')) out.pop_back();
  return out;
}

bool space_at(std::string_view text, std::size_t& position) {
  std::size_t behind = position;
  if (position >= text.size() || !is_python_space(next_character(text, behind))) return false;
  position = behind;
  return true;
}

std::size_t trimmed_size(std::string_view text) {
  std::size_t keep = 0;
  for (std::size_t i = 0; i < text.size();) {
    const bool space = is_python_space(next_character(text, i));
    if (!space) keep = i;
  }
  return keep;
}

bool all_space(std::string_view text) { return trimmed_size(text) == 0; }

bool name_start(char32_t c) { return c == '_' || is_alphabetic(c); }

bool digit(char c) { return c >= '0' && c <= '9'; }

constexpr std::array<std::string_view, 26> kOperators = {"//", "**", "==", "!=", ">=", "<=", "+", "-", "/",
                                                         "*",  "%",  "~",  "[",  "]",  "(",  ")", "{", "}",
                                                         ">",  "<",  "=",  ".",  ":",  "|",  ",", ";"};

class Lexer {
 public:
  Lexer(std::string_view source, std::string_view place) : source_(normalized_lines(source)), place_(place) {}

  std::vector<Token> run() {
    while (at_ < source_.size()) text();
    add(TokenKind::kEnd, "");
    return std::move(tokens_);
  }

 private:
  [[noreturn]] void fail(std::string_view problem) const { fail_input(fmt::format("{}:{}", place_, line_), problem); }

  std::string_view rest() const { return std::string_view(source_).substr(at_); }
  bool ahead(std::string_view text) const { return rest().starts_with(text); }

  void advance(std::size_t to) {
    line_ += static_cast<int>(std::count(source_.begin() + static_cast<std::ptrdiff_t>(at_),
                                         source_.begin() + static_cast<std::ptrdiff_t>(to), '\n'));
    at_ = to;
  }

  void add(TokenKind kind, std::string text) { tokens_.push_back({kind, std::move(text), line_}); }

  std::size_t next_tag() const {
    std::size_t at = at_;
    while ((at = source_.find('{', at)) != std::string::npos) {
      if (at + 1 < source_.size() && std::string_view("{%#").find(source_[at + 1]) != std::string_view::npos) return at;
      ++at;
    }
    return source_.size();
  }

  // Text up to the next tag, cut as the tag asks; then the tag.
  void text() {
    const std::size_t tag = next_tag();
    std::string_view before = std::string_view(source_).substr(at_, tag - at_);
    if (tag == source_.size()) {
      if (!before.empty()) add(TokenKind::kText, std::string(before));
      advance(tag);
      return;
    }
    const char kind = source_[tag + 1];
    const char sign = tag + 2 < source_.size() ? source_[tag + 2] : ' ';
    if (sign == '-') {
      before = before.substr(0, trimmed_size(before));
    } else if (sign != '+' && kind != '{') {
      before = without_indent(before);
    }
    if (!before.empty()) add(TokenKind::kText, std::string(before));
    advance(tag + 2 + (sign == '-' || sign == '+' ? 1 : 0));
    if (kind == '#') return comment();
    if (kind == '{') return tag_tokens(TokenKind::kOutputBegin, TokenKind::kOutputEnd, "}}");
    if (!raw_block()) tag_tokens(TokenKind::kBlockBegin, TokenKind::kBlockEnd, "%}");
  }

  std::string_view without_indent(std::string_view before) const {
    const std::size_t line = before.rfind('\n') + 1;  // npos + 1 == 0
    if (line == 0 && !line_starting_) return before;
    return all_space(before.substr(line)) ? before.substr(0, line) : before;
  }

  void skip_space() {
    std::size_t to = at_;
    while (space_at(source_, to)) {
    }
    advance(to);
  }

  // Behind the end of a tag: "-" takes all space, and a block or comment without "+" one newline.
  void after_tag(char sign, bool trims_newline) {
    line_starting_ = false;
    if (sign == '-') {
      const std::size_t begin = at_;
      skip_space();
      line_starting_ = at_ > begin && source_[at_ - 1] == '\n';
    } else if (sign != '+' && trims_newline && ahead("\n")) {
      advance(at_ + 1);
      line_starting_ = true;
    }
  }

  void comment() {
    const std::size_t end = source_.find("#}", at_);
    if (end == std::string::npos) fail("comment without an end `#}`");
    const char sign = end > at_ ? source_[end - 1] : ' ';
    advance(end + 2);
    after_tag(sign, /*trims_newline=*/true);
  }

  // `%}` with its sign at `position`: its length, or 0.
  static std::size_t end_length(std::string_view text, std::string_view end, char& sign) {
    sign = ' ';
    if (text.starts_with(end)) return 2;
    if (text.size() > 2 && (text[0] == '-' || (text[0] == '+' && end == "%}")) && text.substr(1).starts_with(end)) {
      sign = text[0];
      return 3;
    }
    return 0;
  }

  std::size_t skip_word(std::size_t from, std::string_view word) const {
    while (space_at(source_, from)) {
    }
    if (source_.compare(from, word.size(), word) != 0) return std::string::npos;
    from += word.size();
    while (space_at(source_, from)) {
    }
    return from;
  }

  bool raw_block() {
    char sign = ' ';
    const std::size_t behind = skip_word(at_, "raw");
    if (behind == std::string::npos) return false;
    const std::size_t length = end_length(std::string_view(source_).substr(behind), "%}", sign);
    if (length == 0) return false;
    advance(behind + length);
    after_tag(sign, /*trims_newline=*/false);  // jinja2 keeps the newline behind `raw`
    for (std::size_t end = source_.find("{%", at_); end != std::string::npos; end = source_.find("{%", end + 2)) {
      const char before_sign = end + 2 < source_.size() ? source_[end + 2] : ' ';
      const std::size_t name = end + 2 + (before_sign == '-' || before_sign == '+' ? 1 : 0);
      const std::size_t after = skip_word(name, "endraw");
      if (after == std::string::npos) continue;
      char end_sign = ' ';
      const std::size_t end_size = end_length(std::string_view(source_).substr(after), "%}", end_sign);
      if (end_size == 0) continue;
      std::string_view inside = std::string_view(source_).substr(at_, end - at_);
      if (before_sign == '-') {
        inside = inside.substr(0, trimmed_size(inside));
      } else if (before_sign != '+') {
        inside = without_indent(inside);
      }
      if (!inside.empty()) add(TokenKind::kText, std::string(inside));
      advance(after + end_size);
      after_tag(end_sign, /*trims_newline=*/true);
      return true;
    }
    fail("`raw` without `endraw`");
  }

  void tag_tokens(TokenKind begin, TokenKind end, std::string_view end_text) {
    add(begin, "");
    std::string brackets;
    while (true) {
      skip_space();
      if (at_ >= source_.size()) fail(fmt::format("the template ends inside a tag; expected `{}`", end_text));
      char sign = ' ';
      const std::size_t length = brackets.empty() ? end_length(rest(), end_text, sign) : 0;
      if (length > 0) {
        add(end, "");
        advance(at_ + length);
        return after_tag(sign, /*trims_newline=*/end == TokenKind::kBlockEnd);
      }
      token(brackets);
    }
  }

  void token(std::string& brackets) {
    const char c = source_[at_];
    std::size_t behind = at_;
    const char32_t first = next_character(source_, behind);
    if (digit(c)) return number();
    if (name_start(first)) return name();
    if (c == '\'' || c == '"') return string(c);
    for (const std::string_view op : kOperators) {
      if (!ahead(op)) continue;
      balance(op, brackets);
      add(TokenKind::kOperator, std::string(op));
      return advance(at_ + op.size());
    }
    fail(fmt::format("unexpected character `{}`", source_.substr(at_, behind - at_)));
  }

  void balance(std::string_view op, std::string& brackets) const {
    if (op == "(") brackets += ')';
    if (op == "[") brackets += ']';
    if (op == "{") brackets += '}';
    if (op != ")" && op != "]" && op != "}") return;
    if (brackets.empty() || brackets.back() != op[0]) fail(fmt::format("unexpected `{}`", op));
    brackets.pop_back();
  }

  void name() {
    std::size_t end = at_;
    while (end < source_.size()) {
      std::size_t behind = end;
      const char32_t c = next_character(source_, behind);
      if (!name_start(c) && !is_number(c)) break;
      end = behind;
    }
    add(TokenKind::kName, source_.substr(at_, end - at_));
    advance(end);
  }

  std::size_t digits(std::size_t from) const {
    while (from < source_.size() &&
           (digit(source_[from]) || (source_[from] == '_' && from + 1 < source_.size() && digit(source_[from + 1])))) {
      ++from;
    }
    return from;
  }

  void number() {
    std::size_t end = digits(at_);
    bool real = false;
    if (end + 1 < source_.size() && source_[end] == '.' && digit(source_[end + 1])) {
      real = true;
      end = digits(end + 1);
    }
    if (end < source_.size() && (source_[end] == 'e' || source_[end] == 'E')) {
      std::size_t exponent = end + 1;
      if (exponent < source_.size() && (source_[exponent] == '+' || source_[exponent] == '-')) ++exponent;
      if (exponent < source_.size() && digit(source_[exponent])) {
        real = true;
        end = digits(exponent);
      }
    }
    std::string text = source_.substr(at_, end - at_);
    std::erase(text, '_');
    add(real ? TokenKind::kReal : TokenKind::kInteger, std::move(text));
    advance(end);
  }

  void string(char quote) {
    std::size_t end = at_ + 1;
    while (end < source_.size() && source_[end] != quote) end += source_[end] == '\\' ? 2 : 1;
    if (end >= source_.size()) fail("string without an end");
    add(TokenKind::kString, unescaped(std::string_view(source_).substr(at_ + 1, end - at_ - 1)));
    advance(end + 1);
  }

  std::string unescaped(std::string_view raw) const {
    std::string out;
    for (std::size_t i = 0; i < raw.size();) {
      if (raw[i] != '\\' || i + 1 >= raw.size()) {
        out += raw[i++];
        continue;
      }
      const char c = raw[i + 1];
      i += 2;
      static constexpr std::string_view kFrom = "ntr\\'\"abfv", kTo = "\n\t\r\\'\"\a\b\f\v";
      const std::size_t simple = kFrom.find(c);
      if (simple != std::string_view::npos) {
        out += kTo[simple];
      } else if (c == 'x' || c == 'u' || c == 'U') {
        append_hex(out, raw, i, c == 'x' ? 2 : c == 'u' ? 4 : 8);
      } else if (c >= '0' && c <= '7') {
        append_octal(out, raw, --i);
      } else if (c == 'N') {
        fail("the escape `\\N{...}` is not supported");
      } else if (c != '\n') {
        out += '\\';
        out += c;
      }
    }
    return out;
  }

  void append_hex(std::string& out, std::string_view raw, std::size_t& i, std::size_t count) const {
    uint32_t code = 0;
    const std::string_view digits_text = raw.substr(i, count);
    const auto result = std::from_chars(digits_text.data(), digits_text.data() + digits_text.size(), code, 16);
    const bool whole = digits_text.size() == count && result.ptr == digits_text.data() + count;
    if (!whole || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) fail("malformed escape in a string");
    append_character(out, code);
    i += count;
  }

  static void append_octal(std::string& out, std::string_view raw, std::size_t& i) {
    char32_t code = 0;
    for (int n = 0; n < 3 && i < raw.size() && raw[i] >= '0' && raw[i] <= '7'; ++n) code = code * 8 + (raw[i++] - '0');
    append_character(out, code);
  }

  std::string source_;
  std::string_view place_;
  std::size_t at_ = 0;
  int line_ = 1;
  bool line_starting_ = true;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize(std::string_view source, std::string_view place) { return Lexer(source, place).run(); }

}  // namespace dormouse::text::jinja
