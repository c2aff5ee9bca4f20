#include "core/text/decode.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "core/base/error.h"
#include "core/text/byte_level.h"
#include "core/text/component.h"
#include "core/text/regex.h"
#include "core/text/unicode.h"

namespace dormouse::text {

namespace {

void join(std::vector<std::string>& pieces) {
  std::string all;
  for (const auto& piece : pieces) all += piece;
  pieces.assign(1, std::move(all));
}

class ByteLevelDecoder : public Decoder {
 public:
  void apply(std::vector<std::string>& pieces) const override {
    for (auto& piece : pieces) piece = from_byte_level(piece);
    join(pieces);
  }
};

class FuseDecoder : public Decoder {
 public:
  void apply(std::vector<std::string>& pieces) const override { join(pieces); }
};

class ByteFallbackDecoder : public Decoder {
 public:
  void apply(std::vector<std::string>& pieces) const override {
    for (auto& piece : pieces) {
      unsigned byte = 0;
      const bool shaped = piece.size() == 6 && piece.starts_with("<0x") && piece.ends_with('>');
      if (!shaped) continue;
      const auto result = std::from_chars(piece.data() + 3, piece.data() + 5, byte, 16);
      if (result.ec == std::errc() && result.ptr == piece.data() + 5) piece.assign(1, static_cast<char>(byte));
    }
  }
};

class ReplaceDecoder : public Decoder {
 public:
  explicit ReplaceDecoder(const Component& component) : content_(component.string("content")) {
    component.allow({"pattern", "content"});
    const auto pattern = component.pattern("pattern");
    if (pattern.is_regex) {
      regex_.emplace(pattern.text, component.place());
    } else {
      plain_ = pattern.text;
    }
  }

  void apply(std::vector<std::string>& pieces) const override {
    for (auto& piece : pieces) piece = replaced(piece);
  }

 private:
  std::string replaced(const std::string& piece) const {
    // Bytes of a broken character may stand here already; the regular expression must not see them.
    if (regex_ && !is_valid_utf8(piece)) return piece;
    const auto matches = regex_ ? regex_->find_all(piece) : find_all_plain(piece, plain_);
    std::string out;
    std::size_t last = 0;
    for (const Match& match : matches) {
      out += piece.substr(last, match.begin - last) + content_;
      last = match.end;
    }
    return out + piece.substr(last);
  }

  std::optional<Regex> regex_;
  std::string plain_, content_;
};

class StripDecoder : public Decoder {
 public:
  explicit StripDecoder(const Component& component)
      : content_(component.string("content")),
        start_(component.integer("start", 0)),
        stop_(component.integer("stop", 0)) {
    component.allow({"content", "start", "stop"});
    if (content_.empty()) component.fail("`content` is empty");
  }

  void apply(std::vector<std::string>& pieces) const override {
    for (auto& piece : pieces) {
      std::size_t begin = 0, end = piece.size();
      for (int64_t i = 0; i < start_ && piece.compare(begin, content_.size(), content_) == 0; ++i) {
        begin += content_.size();
      }
      for (int64_t i = 0; i < stop_ && end >= begin + content_.size() &&
                          piece.compare(end - content_.size(), content_.size(), content_) == 0;
           ++i) {
        end -= content_.size();
      }
      piece = piece.substr(begin, end - begin);
    }
  }

 private:
  std::string content_;
  int64_t start_, stop_;
};

class MetaspaceDecoder : public Decoder {
 public:
  explicit MetaspaceDecoder(const Component& component) : mark_(component.string("replacement", "\u2581")) {
    component.allow({"replacement", "add_prefix_space", "prepend_scheme", "split", "str_rep"});
    const bool old_prefix = component.boolean("add_prefix_space", true);
    drops_first_ = component.string("prepend_scheme", old_prefix ? "always" : "never") != "never";
  }

  void apply(std::vector<std::string>& pieces) const override {
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      std::string out;
      std::size_t last = 0;
      for (const Match& match : find_all_plain(pieces[i], mark_)) {
        out += pieces[i].substr(last, match.begin - last);
        if (i > 0 || !drops_first_) out += ' ';
        last = match.end;
      }
      pieces[i] = out + pieces[i].substr(last);
    }
  }

 private:
  std::string mark_;
  bool drops_first_;
};

class ChainDecoder : public Decoder {
 public:
  explicit ChainDecoder(std::vector<std::unique_ptr<const Decoder>> steps) : steps_(std::move(steps)) {}

  void apply(std::vector<std::string>& pieces) const override {
    for (const auto& step : steps_) step->apply(pieces);
  }

 private:
  std::vector<std::unique_ptr<const Decoder>> steps_;
};

std::unique_ptr<const Decoder> read_decoders(const Component& component) {
  component.allow({"decoders"});
  std::vector<std::unique_ptr<const Decoder>> steps;
  for (const Json& item : component.list("decoders")) {
    if (auto step = read_decoder(item, component.place())) steps.push_back(std::move(step));
  }
  return std::make_unique<ChainDecoder>(std::move(steps));
}

}  // namespace

std::unique_ptr<const Decoder> read_decoder(const Json& json, std::string_view place) {
  if (json.is_null()) return nullptr;
  const Component component(json, fmt::format("{}: decoder", place));
  const std::string type = component.type();
  if (type == "ByteLevel") {
    component.allow({"add_prefix_space", "trim_offsets", "use_regex"});
    return std::make_unique<ByteLevelDecoder>();
  }
  if (type == "ByteFallback") return component.allow({}), std::make_unique<ByteFallbackDecoder>();
  if (type == "Fuse") return component.allow({}), std::make_unique<FuseDecoder>();
  if (type == "Replace") return std::make_unique<ReplaceDecoder>(component);
  if (type == "Strip") return std::make_unique<StripDecoder>(component);
  if (type == "Metaspace") return std::make_unique<MetaspaceDecoder>(component);
  if (type == "Sequence") return read_decoders(component);
  component.fail(
      unknown_name("type", type, {"ByteLevel", "ByteFallback", "Fuse", "Replace", "Strip", "Metaspace", "Sequence"}));
}

}  // namespace dormouse::text
