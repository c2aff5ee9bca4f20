#include "core/text/pretokenize.h"

#include <fmt/format.h>

#include <optional>

#include "core/base/error.h"
#include "core/text/byte_level.h"
#include "core/text/component.h"
#include "core/text/split.h"
#include "core/text/unicode.h"

namespace dormouse::text {

namespace {

// Files that say `use_regex` mean the pattern of GPT-2 without spelling it.
constexpr std::string_view kGpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

// Rewrites the words one by one into a new text.
template <class Rewrite>
void rewrite_words(Words& words, Rewrite rewrite) {
  Words out;
  out.text.reserve(words.text.size() + words.text.size() / 4);
  out.ranges.reserve(words.ranges.size());
  out.at_start = words.at_start;
  for (std::size_t i = 0; i < words.ranges.size(); ++i) {
    const std::size_t begin = out.text.size();
    rewrite(out.text, words.word(words.ranges[i]), /*at_start=*/i == 0 && words.at_start);
    out.ranges.push_back({begin, out.text.size()});
  }
  words = std::move(out);
}

class ByteLevel : public PreTokenizer {
 public:
  explicit ByteLevel(const Component& component) : prefix_(component.boolean("add_prefix_space", true)) {
    component.allow({"add_prefix_space", "trim_offsets", "use_regex"});
    if (component.boolean("use_regex", true)) regex_.emplace(kGpt2Pattern, component.place());
  }

  void apply(Words& words) const override {
    if (prefix_) {
      rewrite_words(words, [](std::string& out, std::string_view word, bool) {
        if (!word.starts_with(' ')) out += ' ';
        out += word;
      });
    }
    if (regex_) {
      split_words(
          words, [this](std::string_view word) { return regex_->find_all(word); }, SplitBehavior::kIsolated);
    }
    rewrite_words(words, [](std::string& out, std::string_view word, bool) { append_byte_level(out, word); });
  }

 private:
  bool prefix_;
  std::optional<Regex> regex_;
};

class Split : public PreTokenizer {
 public:
  explicit Split(const Component& component)
      : behavior_(read_split_behavior(component, "")), invert_(component.boolean("invert", false)) {
    component.allow({"pattern", "behavior", "invert"});
    const auto pattern = component.pattern("pattern");
    if (pattern.is_regex) {
      regex_.emplace(pattern.text, component.place());
    } else {
      plain_ = pattern.text;
    }
  }

  void apply(Words& words) const override {
    split_words(
        words, [this](std::string_view word) { return regex_ ? regex_->find_all(word) : find_all_plain(word, plain_); },
        behavior_, invert_);
  }

 private:
  SplitBehavior behavior_;
  bool invert_;
  std::optional<Regex> regex_;
  std::string plain_;
};

/// Digits, Punctuation and WhitespaceSplit: a property of single characters.
class CharacterSplit : public PreTokenizer {
 public:
  CharacterSplit(bool (*predicate)(char32_t), SplitBehavior behavior) : predicate_(predicate), behavior_(behavior) {}

  void apply(Words& words) const override {
    split_words(
        words, [this](std::string_view word) { return find_characters(word, predicate_); }, behavior_);
  }

 private:
  bool (*predicate_)(char32_t);
  SplitBehavior behavior_;
};

/// Words of \w+, runs of what is neither \w nor space; spaces are removed.
class Whitespace : public PreTokenizer {
 public:
  void apply(Words& words) const override { split_words(words, runs, SplitBehavior::kRemoved, /*invert=*/true); }

 private:
  static int kind(char32_t c) { return is_word(c) ? 1 : is_space(c) ? 0 : 2; }

  static std::vector<Match> runs(std::string_view text) {
    std::vector<Match> out;
    int last = 0;
    for (std::size_t i = 0; i < text.size();) {
      const std::size_t begin = i;
      const int now = kind(next_character(text, i));
      if (now != 0 && now == last) {
        out.back().end = i;
      } else if (now != 0) {
        out.push_back({begin, i});
      }
      last = now;
    }
    return out;
  }
};

class Metaspace : public PreTokenizer {
 public:
  explicit Metaspace(const Component& component)
      : mark_(component.string("replacement", "\u2581")), split_(component.boolean("split", true)) {
    component.allow({"replacement", "add_prefix_space", "prepend_scheme", "split", "str_rep"});
    const bool old_prefix = component.boolean("add_prefix_space", true);
    scheme_ = component.string("prepend_scheme", old_prefix ? "always" : "never");
    if (scheme_ != "always" && scheme_ != "first" && scheme_ != "never") {
      component.fail(unknown_name("prepend_scheme", scheme_, {"always", "first", "never"}));
    }
  }

  void apply(Words& words) const override {
    rewrite_words(words, [this](std::string& out, std::string_view word, bool at_start) {
      const bool wanted = scheme_ == "always" || (scheme_ == "first" && at_start);
      if (wanted && !word.starts_with(' ') && !word.starts_with(mark_)) out += mark_;
      for (const char byte : word) {
        if (byte == ' ') {
          out += mark_;
        } else {
          out += byte;
        }
      }
    });
    if (!split_) return;
    split_words(
        words, [this](std::string_view word) { return find_all_plain(word, mark_); }, SplitBehavior::kMergedWithNext);
  }

 private:
  std::string mark_, scheme_;
  bool split_;
};

class ChainPreTokenizer : public PreTokenizer {
 public:
  explicit ChainPreTokenizer(std::vector<std::unique_ptr<const PreTokenizer>> steps) : steps_(std::move(steps)) {}

  void apply(Words& words) const override {
    for (const auto& step : steps_) step->apply(words);
  }

 private:
  std::vector<std::unique_ptr<const PreTokenizer>> steps_;
};

std::unique_ptr<const PreTokenizer> read_pre_tokenizers(const Component& component) {
  component.allow({"pretokenizers"});
  std::vector<std::unique_ptr<const PreTokenizer>> steps;
  for (const Json& item : component.list("pretokenizers")) {
    if (auto step = read_pre_tokenizer(item, component.place())) steps.push_back(std::move(step));
  }
  return std::make_unique<ChainPreTokenizer>(std::move(steps));
}

std::unique_ptr<const PreTokenizer> read_character_split(const Component& component, const std::string& type) {
  if (type == "Digits") {
    component.allow({"individual_digits"});
    const bool individual = component.boolean("individual_digits", false);
    return std::make_unique<CharacterSplit>(is_number,
                                            individual ? SplitBehavior::kIsolated : SplitBehavior::kContiguous);
  }
  if (type == "Punctuation") {
    component.allow({"behavior"});
    return std::make_unique<CharacterSplit>(is_punctuation, read_split_behavior(component, "Isolated"));
  }
  component.allow({});
  return std::make_unique<CharacterSplit>(is_space, SplitBehavior::kRemoved);
}

}  // namespace

std::unique_ptr<const PreTokenizer> read_pre_tokenizer(const Json& json, std::string_view place) {
  if (json.is_null()) return nullptr;
  const Component component(json, fmt::format("{}: pre_tokenizer", place));
  const std::string type = component.type();
  if (type == "ByteLevel") return std::make_unique<ByteLevel>(component);
  if (type == "Split") return std::make_unique<Split>(component);
  if (type == "Metaspace") return std::make_unique<Metaspace>(component);
  if (type == "Sequence") return read_pre_tokenizers(component);
  if (type == "Whitespace") {
    component.allow({});
    return std::make_unique<Whitespace>();
  }
  if (type == "Digits" || type == "Punctuation" || type == "WhitespaceSplit") {
    return read_character_split(component, type);
  }
  component.fail(unknown_name(
      "type", type,
      {"ByteLevel", "Split", "Metaspace", "Sequence", "Whitespace", "Digits", "Punctuation", "WhitespaceSplit"}));
}

}  // namespace dormouse::text
