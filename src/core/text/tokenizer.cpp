#include "core/text/tokenizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "core/base/error.h"
#include "core/text/added_tokens.h"
#include "core/text/bpe.h"
#include "core/text/component.h"
#include "core/text/decode.h"
#include "core/text/marked_text.h"
#include "core/text/normalize.h"
#include "core/text/pretokenize.h"
#include "core/text/unicode.h"

namespace dormouse::text {

struct Tokenizer::State {
  Json json;
  std::vector<AddedToken> added;
  std::unordered_map<int32_t, const AddedToken*> added_by_id;
  std::unordered_map<std::string_view, int32_t> added_by_text;
  std::unordered_map<int32_t, std::string> decoded;  // of normalized added tokens: what stood in the text
  std::vector<int32_t> special;                      // ascending
  TokenFinder raw, normalized;                       // matched before and after normalization
  std::unique_ptr<const Normalizer> normalizer;
  std::unique_ptr<const PreTokenizer> pre_tokenizer;
  std::unique_ptr<const Decoder> decoder;
  std::unique_ptr<const Bpe> model;
  std::vector<int32_t> prefix, suffix;
  int32_t size = 0;

  void read_added(std::string_view place);
  void read_post_processor(const Json& json, std::string_view place);
  std::vector<int32_t> template_ids(const Component& processor, std::string_view name) const;
  void read_template(const Component& processor);

  std::vector<int32_t> encode(MarkedText input, Trust trust) const;
  void encode_segment(const MarkedText& segment, Trust trust, bool at_start, std::vector<int32_t>& ids) const;
  void encode_words(std::string text, bool at_start, std::vector<int32_t>& ids) const;
};

namespace {

const Json& member_or_null(const Json& object, const char* key) {
  static const Json null;
  const auto found = object.find(key);
  return found == object.end() ? null : *found;
}

std::unordered_set<std::string> special_texts(const std::vector<AddedToken>& tokens) {
  std::unordered_set<std::string> texts;
  for (const auto& token : tokens) {
    if (token.special) texts.insert(token.content);
  }
  return texts;
}

}  // namespace

// The model's vocabulary decides over ids, as in Python; a token that it lacks must carry the id Python would
// give it.
void Tokenizer::State::read_added(std::string_view place) {
  int32_t next = model->entries();
  for (AddedToken& token : added) {
    const auto known = model->id_of(token.content);
    const int32_t expected = known ? *known : token.id;
    if (token.id != expected || (!known && token.id != next && token.id < model->size())) {
      fail_input(place, fmt::format("added_tokens: `{}` has id {}, but the vocabulary says {}", token.content, token.id,
                                    known ? *known : next));
    }
    if (!known) next = std::max(next, token.id + 1);
    size = std::max(size, token.id + 1);
  }
  for (const AddedToken& token : added) {
    if (!added_by_id.emplace(token.id, &token).second || !added_by_text.emplace(token.content, token.id).second) {
      fail_input(place, fmt::format("added_tokens: `{}` (id {}) stands there twice", token.content, token.id));
    }
    if (token.special) special.push_back(token.id);
    if (token.normalized) {
      const MarkedText plain{token.content, {}};
      std::string pattern = normalizer ? normalizer->apply(plain).text : token.content;
      normalized.add(pattern, token);
      decoded.emplace(token.id, std::move(pattern));
    } else {
      raw.add(token.content, token);
    }
  }
  std::sort(special.begin(), special.end());
}

std::vector<int32_t> Tokenizer::State::template_ids(const Component& processor, std::string_view name) const {
  const Component entry(json_member(processor.at("special_tokens"), std::string(name), processor.place()),
                        processor.place());
  std::vector<int32_t> ids;
  for (const Json& id : entry.list("ids")) {
    if (!id.is_number_integer()) entry.fail("special_tokens: `ids` must be integers");
    ids.push_back(id.get<int32_t>());
  }
  return ids;
}

void Tokenizer::State::read_template(const Component& processor) {
  processor.allow({"single", "pair", "special_tokens"});
  bool behind = false;
  for (const Json& item : processor.list("single")) {
    if (item.is_object() && item.contains("Sequence")) {
      behind = true;
    } else {
      const Json& special_token = json_member(item, "SpecialToken", processor.place());
      const auto ids = template_ids(processor, json_string(special_token, "id", processor.place()));
      auto& side = behind ? suffix : prefix;
      side.insert(side.end(), ids.begin(), ids.end());
    }
  }
}

void Tokenizer::State::read_post_processor(const Json& processor_json, std::string_view place) {
  if (processor_json.is_null()) return;
  const Component processor(processor_json, fmt::format("{}: post_processor", place));
  const std::string type = processor.type();
  if (type == "ByteLevel") return;  // changes offsets only
  if (type == "TemplateProcessing") return read_template(processor);
  if (type == "Sequence") {
    processor.allow({"processors"});
    for (const Json& item : processor.list("processors")) read_post_processor(item, place);
    return;
  }
  processor.fail(unknown_name("type", type, {"ByteLevel", "TemplateProcessing", "Sequence"}));
}

Tokenizer Tokenizer::from_json(const Json& tokenizer_json, std::string_view place) {
  auto state = std::make_shared<State>();
  state->json = tokenizer_json;
  const Component root(state->json, std::string(place));
  root.allow({"version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor",
              "decoder", "model"});
  state->added = read_added_tokens(member_or_null(state->json, "added_tokens"), place);
  state->normalizer = read_normalizer(member_or_null(state->json, "normalizer"), place);
  state->pre_tokenizer = read_pre_tokenizer(member_or_null(state->json, "pre_tokenizer"), place);
  state->decoder = read_decoder(member_or_null(state->json, "decoder"), place);
  state->model = std::make_unique<Bpe>(root.at("model"), special_texts(state->added), place);
  state->size = state->model->size();
  state->read_added(place);
  state->read_post_processor(member_or_null(state->json, "post_processor"), place);
  return Tokenizer(std::move(state));
}

const Json& Tokenizer::json() const { return state_->json; }

std::vector<int32_t> Tokenizer::State::encode(MarkedText input, Trust trust) const {
  std::vector<int32_t> ids;
  ids.reserve(input.text.size() / 3 + 8);
  for (const auto& piece : raw.split(input, trust)) {
    if (piece.id) {
      ids.push_back(*piece.id);
    } else {
      encode_segment(input.slice(piece.begin, piece.end), trust, piece.begin == 0, ids);
    }
  }
  return ids;
}

void Tokenizer::State::encode_segment(const MarkedText& segment, Trust trust, bool at_start,
                                      std::vector<int32_t>& ids) const {
  MarkedText text = normalizer ? normalizer->apply(segment) : segment;
  if (normalized.empty()) return encode_words(std::move(text.text), at_start, ids);
  for (const auto& piece : normalized.split(text, trust)) {
    if (piece.id) {
      ids.push_back(*piece.id);
    } else {
      encode_words(text.text.substr(piece.begin, piece.end - piece.begin), at_start && piece.begin == 0, ids);
    }
  }
}

void Tokenizer::State::encode_words(std::string text, bool at_start, std::vector<int32_t>& ids) const {
  if (text.empty()) return;
  Words words{std::move(text), {}, at_start};
  words.ranges.push_back({0, words.text.size()});
  if (pre_tokenizer) pre_tokenizer->apply(words);
  for (const Match& range : words.ranges) model->encode(words.word(range), ids);
}

std::vector<int32_t> Tokenizer::encode(std::string_view text) const {
  return state_->encode({replace_invalid_utf8(text), {}}, Trust::kNone);
}

std::vector<int32_t> Tokenizer::encode_special(std::string_view text) const {
  return state_->encode({replace_invalid_utf8(text), {}}, Trust::kAll);
}

std::vector<int32_t> Tokenizer::encode(std::span<const TextPiece> pieces) const {
  MarkedText all;
  for (std::size_t i = 0; i < pieces.size();) {
    // Neighbours from the same source are joined first: a character may be cut in two between them.
    const bool from_message = pieces[i].from_message;
    std::string run;
    for (; i < pieces.size() && pieces[i].from_message == from_message; ++i) run += pieces[i].text;
    all.append(replace_invalid_utf8(run), from_message ? '\1' : '\0', /*with_marks=*/true);
  }
  const bool any_message = all.marks.find('\1') != std::string::npos;
  if (!any_message) all.marks.clear();
  return state_->encode(std::move(all), any_message ? Trust::kMarks : Trust::kAll);
}

std::string Tokenizer::decode(std::span<const int32_t> ids, bool skip_special) const {
  std::vector<std::string> pieces;
  pieces.reserve(ids.size());
  for (const int32_t id : ids) {
    if (skip_special && is_special(id)) continue;
    const auto written = state_->decoded.find(id);
    std::string piece = written != state_->decoded.end() ? written->second : token_text(id);
    if (!piece.empty()) pieces.push_back(std::move(piece));
  }
  if (state_->decoder) state_->decoder->apply(pieces);
  std::string text;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (!state_->decoder && i > 0) text += ' ';
    text += pieces[i];
  }
  return text;
}

std::string Tokenizer::token_text(int32_t id) const {
  const auto found = state_->added_by_id.find(id);
  return found != state_->added_by_id.end() ? found->second->content : std::string(state_->model->token(id));
}

std::optional<int32_t> Tokenizer::id_of(std::string_view token) const {
  const auto found = state_->added_by_text.find(token);
  return found != state_->added_by_text.end() ? std::optional(found->second) : state_->model->id_of(token);
}

int32_t Tokenizer::vocab_size() const { return state_->size; }

bool Tokenizer::is_special(int32_t id) const {
  return std::binary_search(state_->special.begin(), state_->special.end(), id);
}

std::span<const int32_t> Tokenizer::special_ids() const { return state_->special; }
std::span<const int32_t> Tokenizer::document_prefix() const { return state_->prefix; }
std::span<const int32_t> Tokenizer::document_suffix() const { return state_->suffix; }

}  // namespace dormouse::text
