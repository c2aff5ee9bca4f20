#define PCRE2_CODE_UNIT_WIDTH 8
#include "core/text/regex.h"

#include <fmt/format.h>
#include <pcre2.h>

#include "core/base/error.h"

namespace dormouse::text {

namespace {

constexpr std::size_t kMaxPattern = 64 * 1024;
constexpr uint32_t kMatchLimit = 20'000'000;  // a megabyte of one character needs about two million
constexpr uint32_t kDepthLimit = 100'000;
constexpr uint32_t kHeapLimitKib = 256 * 1024;
constexpr std::size_t kJitStack = std::size_t{8} * 1024 * 1024;

// PCRE2 counts U+180E as a space and leaves marks out of \w; Oniguruma does neither.
constexpr std::string_view kSpace =
    R"(\x09-\x0d\x20\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})";
constexpr std::string_view kWord = R"(\p{L}\p{M}\p{N}\p{Pc})";

std::string error_text(int code) {
  PCRE2_UCHAR buffer[256] = {};
  pcre2_get_error_message(code, buffer, sizeof buffer);
  return reinterpret_cast<const char*>(buffer);
}

// Copies the pattern, rewriting what means something else in PCRE2. Keeps where the last atom began: in
// Ruby's syntax x{1,3}+ repeats x{1,3}, whereas in PCRE2 it is possessive.
class Translator {
 public:
  Translator(std::string_view pattern, std::string_view place) : in_(pattern), place_(place) {}

  std::string run() {
    while (at_ < in_.size()) step();
    return out_;
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    fail_input(place_, fmt::format("regular expression `{}`: {} is not supported", in_, what));
  }

  void step() {
    const char c = in_[at_];
    if (c == '\\') return escape(/*in_class=*/false);
    if (c == '[') return character_class();
    if (c == '{') return braces();
    if (c == '(') groups_.push_back(out_.size());
    if (c == ')') {
      if (groups_.empty()) fail("an unbalanced `)`");
      atom_ = groups_.back();
      groups_.pop_back();
    } else if (c != '?' && c != '*' && c != '+') {
      atom_ = out_.size();
    }
    out_ += c;
    ++at_;
  }

  void escape(bool in_class) {
    if (at_ + 1 >= in_.size()) fail("a lone backslash at the end");
    if (!in_class) atom_ = out_.size();
    const char c = in_[at_ + 1];
    at_ += 2;
    if (c == 's' || c == 'w') {
      const std::string_view set = c == 's' ? kSpace : kWord;
      out_ += in_class ? std::string(set) : fmt::format("[{}]", set);
    } else if ((c == 'S' || c == 'W') && !in_class) {
      out_ += fmt::format("[^{}]", c == 'S' ? kSpace : kWord);
    } else if (c == 'h') {
      out_ += in_class ? "0-9a-fA-F" : "[0-9a-fA-F]";
    } else if (c == 'u') {
      if (at_ + 4 > in_.size()) fail("an incomplete \\u");
      out_ += fmt::format("\\x{{{}}}", in_.substr(at_, 4));
      at_ += 4;
    } else if (c == 'g' || c == 'k' || c == 'K' || c == 'C' || c == 'Q' || c == 'G') {
      fail(fmt::format("`\\{}`", c));
    } else {
      out_ += '\\';
      out_ += c;
      if ((c == 'p' || c == 'P' || c == 'x') && at_ < in_.size() && in_[at_] == '{') copy_through('}');
    }
  }

  void copy_through(char last) {
    const std::size_t end = in_.find(last, at_);
    if (end == std::string_view::npos) fail("an unbalanced brace");
    out_ += in_.substr(at_, end + 1 - at_);
    at_ = end + 1;
  }

  void character_class() {
    atom_ = out_.size();
    out_ += in_[at_++];
    if (at_ < in_.size() && in_[at_] == '^') out_ += in_[at_++];
    for (bool first = true;; first = false) {
      if (at_ >= in_.size()) fail("an unbalanced `[`");
      const char c = in_[at_];
      if (c == ']' && !first) break;
      if (c == '\\') {
        escape(/*in_class=*/true);
      } else if (c == '[') {
        if (in_.substr(at_, 2) != "[:") fail("a class inside a class");
        copy_through(']');
      } else if (in_.substr(at_, 2) == "&&") {
        fail("an intersection of classes");
      } else {
        out_ += c;
        ++at_;
      }
    }
    out_ += in_[at_++];
  }

  void braces() {
    copy_through('}');
    if (at_ < in_.size() && in_[at_] == '+') {
      out_ = out_.substr(0, atom_) + "(?:" + out_.substr(atom_) + ")";
    }
  }

  std::string_view in_, place_;
  std::size_t at_ = 0;
  std::string out_;
  std::size_t atom_ = 0;
  std::vector<std::size_t> groups_;
};

}  // namespace

std::string onig_to_pcre(std::string_view pattern, std::string_view place) {
  if (pattern.size() > kMaxPattern) fail_input(place, "regular expression longer than 64 KiB");
  return Translator(pattern, place).run();
}

struct Regex::Compiled {
  std::string pattern, place;
  pcre2_code* code = nullptr;
  pcre2_match_context* limits = nullptr;

  ~Compiled() {
    pcre2_match_context_free(limits);
    pcre2_code_free(code);
  }
};

namespace {

struct ThreadScratch {
  pcre2_jit_stack* stack = pcre2_jit_stack_create(32 * 1024, kJitStack, nullptr);
  ~ThreadScratch() { pcre2_jit_stack_free(stack); }
};

// One stack a thread, so that matching needs no lock.
pcre2_jit_stack* thread_stack(void*) {
  thread_local ThreadScratch scratch;
  return scratch.stack;
}

struct MatchData {
  explicit MatchData(const pcre2_code* code) : data(pcre2_match_data_create_from_pattern(code, nullptr)) {}
  ~MatchData() { pcre2_match_data_free(data); }
  MatchData(const MatchData&) = delete;
  pcre2_match_data* data;
};

std::size_t character_end(std::string_view text, std::size_t at) {
  ++at;
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
  return at;
}

}  // namespace

Regex::Regex(std::string_view pattern, std::string_view place) {
  auto compiled = std::make_shared<Compiled>();
  compiled->pattern = pattern;
  compiled->place = place;
  const std::string translated = onig_to_pcre(pattern, place);
  int error = 0;
  PCRE2_SIZE offset = 0;
  compiled->code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(),
                    PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C, &error, &offset, nullptr);
  if (compiled->code == nullptr) {
    fail_input(place, fmt::format("regular expression `{}`: {}", pattern, error_text(error)));
  }
  pcre2_jit_compile(compiled->code,
                    PCRE2_JIT_COMPLETE);  // without JIT the interpreter gives the same matches
  compiled->limits = pcre2_match_context_create(nullptr);
  pcre2_set_match_limit(compiled->limits, kMatchLimit);
  pcre2_set_depth_limit(compiled->limits, kDepthLimit);
  pcre2_set_heap_limit(compiled->limits, kHeapLimitKib);
  pcre2_jit_stack_assign(compiled->limits, thread_stack, nullptr);
  compiled_ = std::move(compiled);
}

std::vector<Match> Regex::find_all(std::string_view text) const {
  std::vector<Match> matches;
  if (text.empty()) return matches;
  MatchData scratch(compiled_->code);
  std::size_t last_end = std::string_view::npos;
  for (std::size_t start = 0; start <= text.size();) {
    const int count = pcre2_match(compiled_->code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), start,
                                  PCRE2_NO_UTF_CHECK, scratch.data, compiled_->limits);
    if (count == PCRE2_ERROR_NOMATCH) break;
    if (count < 0) {
      fail_input(compiled_->place, fmt::format("regular expression `{}` on a text of {} bytes: {}", compiled_->pattern,
                                               text.size(), error_text(count)));
    }
    const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(scratch.data);
    const Match match{ends[0], ends[1]};
    // An empty match right behind the last one is none, as in Oniguruma's iterator.
    const bool repeated = match.begin == match.end && match.end == last_end;
    if (!repeated) matches.push_back(match);
    last_end = match.end;
    start = match.begin == match.end ? character_end(text, match.end) : match.end;
  }
  return matches;
}

std::vector<Match> find_all_plain(std::string_view text, std::string_view needle) {
  std::vector<Match> matches;
  if (needle.empty()) return matches;
  for (std::size_t at = text.find(needle); at != std::string_view::npos; at = text.find(needle, at + needle.size())) {
    matches.push_back({at, at + needle.size()});
  }
  return matches;
}

}  // namespace dormouse::text
