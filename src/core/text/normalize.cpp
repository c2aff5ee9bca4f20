#include "core/text/normalize.h"

#include <fmt/format.h>

#include <optional>

#include "core/base/error.h"
#include "core/text/component.h"
#include "core/text/regex.h"
#include "core/text/unicode.h"

namespace dormouse::text {

namespace {

class UnicodeForm : public Normalizer {
 public:
  explicit UnicodeForm(NormalForm form) : form_(form) {}

  MarkedText apply(MarkedText input) const override {
    if (!input.has_marks()) return {normalized(input.text, form_), {}};
    // An ASCII character never joins what stands before it, so clusters that begin with one normalize on
    // their own.
    MarkedText out;
    for (std::size_t begin = 0; begin < input.text.size();) {
      std::size_t end = begin + 1;
      while (end < input.text.size() && static_cast<unsigned char>(input.text[end]) >= 0x80) ++end;
      append_cluster(out, input.slice(begin, end));
      begin = end;
    }
    return out;
  }

 private:
  void append_cluster(MarkedText& out, const MarkedText& cluster) const {
    const std::string text = normalized(cluster.text, form_);
    const char mark = cluster.marks.find('\1') == std::string::npos ? '\0' : '\1';
    const bool keeps_first = !text.empty() && text[0] == cluster.text[0] && static_cast<signed char>(text[0]) >= 0;
    if (keeps_first) out.append(text.substr(0, 1), cluster.marks[0], true);
    out.append(std::string_view(text).substr(keeps_first ? 1 : 0), mark, true);
  }

  NormalForm form_;
};

class Lowercase : public Normalizer {
 public:
  MarkedText apply(MarkedText input) const override {
    if (!input.has_marks()) return {lower_simple(input.text), {}};
    MarkedText out;
    for (std::size_t i = 0; i < input.text.size();) {
      const std::size_t begin = i;
      next_character(input.text, i);
      out.append(lower_simple(std::string_view(input.text).substr(begin, i - begin)), input.marks[begin], true);
    }
    return out;
  }
};

class Replace : public Normalizer {
 public:
  Replace(const Component& component) : content_(component.string("content")) {
    const auto pattern = component.pattern("pattern");
    if (pattern.is_regex) {
      regex_.emplace(pattern.text, component.place());
    } else {
      plain_ = pattern.text;
    }
  }

  MarkedText apply(MarkedText input) const override {
    const auto matches = regex_ ? regex_->find_all(input.text) : find_all_plain(input.text, plain_);
    if (matches.empty()) return input;
    MarkedText out;
    std::size_t last = 0;
    const std::string_view text = input.text;
    const auto copy = [&](std::size_t begin, std::size_t end) {
      out.text += text.substr(begin, end - begin);
      if (input.has_marks()) out.marks += input.marks.substr(begin, end - begin);
    };
    for (const Match& match : matches) {
      copy(last, match.begin);
      const bool from_message =
          input.has_marks() && input.marks.substr(match.begin, match.end - match.begin).find('\1') != std::string::npos;
      out.append(content_, from_message ? '\1' : '\0', input.has_marks());
      last = match.end;
    }
    copy(last, text.size());
    return out;
  }

 private:
  std::optional<Regex> regex_;
  std::string plain_, content_;
};

class Prepend : public Normalizer {
 public:
  explicit Prepend(std::string prefix) : prefix_(std::move(prefix)) {}

  MarkedText apply(MarkedText input) const override {
    if (input.text.empty()) return input;
    input.text.insert(0, prefix_);
    if (input.has_marks()) input.marks.insert(0, prefix_.size(), '\0');
    return input;
  }

 private:
  std::string prefix_;
};

class ChainNormalizer : public Normalizer {
 public:
  explicit ChainNormalizer(std::vector<std::unique_ptr<const Normalizer>> steps) : steps_(std::move(steps)) {}

  MarkedText apply(MarkedText input) const override {
    for (const auto& step : steps_) input = step->apply(std::move(input));
    return input;
  }

 private:
  std::vector<std::unique_ptr<const Normalizer>> steps_;
};

std::unique_ptr<const Normalizer> read_normalizers(const Component& component) {
  std::vector<std::unique_ptr<const Normalizer>> steps;
  for (const Json& item : component.list("normalizers")) {
    if (auto step = read_normalizer(item, component.place())) steps.push_back(std::move(step));
  }
  return std::make_unique<ChainNormalizer>(std::move(steps));
}

std::unique_ptr<const Normalizer> read_form(const Component& component, NormalForm form) {
  component.allow({});
  return std::make_unique<UnicodeForm>(form);
}

}  // namespace

std::unique_ptr<const Normalizer> read_normalizer(const Json& json, std::string_view place) {
  if (json.is_null()) return nullptr;
  const Component component(json, fmt::format("{}: normalizer", place));
  const std::string type = component.type();
  if (type == "NFC") return read_form(component, NormalForm::kNfc);
  if (type == "NFD") return read_form(component, NormalForm::kNfd);
  if (type == "NFKC") return read_form(component, NormalForm::kNfkc);
  if (type == "NFKD") return read_form(component, NormalForm::kNfkd);
  if (type == "Lowercase") {
    component.allow({});
    return std::make_unique<Lowercase>();
  }
  if (type == "Replace") {
    component.allow({"pattern", "content"});
    return std::make_unique<Replace>(component);
  }
  if (type == "Prepend") {
    component.allow({"prepend"});
    return std::make_unique<Prepend>(component.string("prepend"));
  }
  if (type == "Sequence") {
    component.allow({"normalizers"});
    return read_normalizers(component);
  }
  component.fail(
      unknown_name("type", type, {"NFC", "NFD", "NFKC", "NFKD", "Lowercase", "Replace", "Prepend", "Sequence"}));
}

}  // namespace dormouse::text
