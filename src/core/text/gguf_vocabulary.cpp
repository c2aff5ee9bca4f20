// Tokenizer::from_gguf: a GGUF file holds vocabulary and merges, but names its pre-tokenizer by a tag only.
// This table says what each tag stands for; the rest is a plain tokenizer.json.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/base/error.h"
#include "core/text/tokenizer.h"

namespace dormouse::text {

namespace {

constexpr int32_t kControl = 3, kUserDefined = 4;

constexpr const char* kLlama3Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kQwen2Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

enum class Shape { kGpt2, kDigitsGpt2, kLlama3, kQwen2 };

struct PreRow {
  const char* tag;
  Shape shape;
  bool nfc;
};

constexpr std::array<PreRow, 20> kPreTable = {{
    {"default", Shape::kGpt2, false},
    {"gpt-2", Shape::kGpt2, false},
    {"phi-2", Shape::kGpt2, false},
    {"roberta-bpe", Shape::kGpt2, false},
    {"mpt", Shape::kGpt2, true},
    {"olmo", Shape::kGpt2, true},
    {"smollm", Shape::kDigitsGpt2, false},
    {"starcoder", Shape::kDigitsGpt2, false},
    {"refact", Shape::kDigitsGpt2, false},
    {"codeshell", Shape::kDigitsGpt2, false},
    {"command-r", Shape::kDigitsGpt2, true},
    {"llama-bpe", Shape::kLlama3, false},
    {"llama3", Shape::kLlama3, false},
    {"llama-v3", Shape::kLlama3, false},
    {"smaug-bpe", Shape::kLlama3, false},
    {"dbrx", Shape::kLlama3, false},
    {"qwen2", Shape::kQwen2, true},
    {"deepseek-r1-qwen", Shape::kQwen2, true},
    {"stablelm2", Shape::kQwen2, true},
    {"megrez", Shape::kQwen2, true},
}};

const PreRow& find_row(const std::string& tag, std::string_view place) {
  std::vector<std::string> known;
  for (const PreRow& row : kPreTable) {
    if (tag == row.tag) return row;
    known.emplace_back(row.tag);
  }
  fail_input(place, "tokenizer.ggml.pre: " + unknown_name("pre-tokenizer", tag, known),
             "use the model's folder with tokenizer.json instead");
}

Json byte_level(bool use_regex) {
  return {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", use_regex}};
}

Json pre_tokenizer(Shape shape) {
  if (shape == Shape::kGpt2) return byte_level(true);
  Json first;
  if (shape == Shape::kDigitsGpt2) {
    first = {{"type", "Digits"}, {"individual_digits", true}};
  } else {
    first = {{"type", "Split"},
             {"pattern", {{"Regex", shape == Shape::kLlama3 ? kLlama3Pattern : kQwen2Pattern}}},
             {"behavior", "Isolated"},
             {"invert", false}};
  }
  return {{"type", "Sequence"}, {"pretokenizers", Json::array({first, byte_level(shape == Shape::kDigitsGpt2)})}};
}

Json added_tokens(const GgufVocabulary& vocabulary) {
  Json list = Json::array();
  for (std::size_t id = 0; id < vocabulary.types.size(); ++id) {
    const int32_t type = vocabulary.types[id];
    if (type != kControl && type != kUserDefined) continue;
    list.push_back({{"id", id},
                    {"content", vocabulary.tokens[id]},
                    {"single_word", false},
                    {"lstrip", false},
                    {"rstrip", false},
                    {"normalized", false},
                    {"special", type == kControl}});
  }
  return list;
}

Json post_processor(const GgufVocabulary& vocabulary) {
  if (!vocabulary.add_bos || vocabulary.bos < 0) return byte_level(true);
  const std::string& bos = vocabulary.tokens[vocabulary.bos];
  const Json first = {{"SpecialToken", {{"id", bos}, {"type_id", 0}}}};
  const auto sequence = [](const char* name, int type) {
    return Json{{"Sequence", {{"id", name}, {"type_id", type}}}};
  };
  return {{"type", "TemplateProcessing"},
          {"single", Json::array({first, sequence("A", 0)})},
          {"pair", Json::array({first, sequence("A", 0), sequence("B", 1)})},
          {"special_tokens",
           {{bos, {{"id", bos}, {"ids", Json::array({vocabulary.bos})}, {"tokens", Json::array({bos})}}}}}};
}

Json model(const GgufVocabulary& vocabulary, Shape shape, std::string_view place) {
  Json ids = Json::object();
  for (std::size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    if (!ids.emplace(vocabulary.tokens[id], id).second) {
      fail_input(place, fmt::format("tokenizer.ggml.tokens: `{}` stands there twice", vocabulary.tokens[id]));
    }
  }
  return {{"type", "BPE"},
          {"dropout", nullptr},
          {"unk_token", nullptr},
          {"fuse_unk", false},
          {"byte_fallback", false},
          {"ignore_merges", shape == Shape::kLlama3},
          {"vocab", std::move(ids)},
          {"merges", vocabulary.merges},
          {"continuing_subword_prefix", nullptr},
          {"end_of_word_suffix", nullptr}};
}

void check(const GgufVocabulary& vocabulary, std::string_view place) {
  if (vocabulary.tokens.empty()) fail_input(place, "tokenizer.ggml.tokens: the vocabulary is empty");
  if (vocabulary.merges.empty()) {
    fail_input(place, "tokenizer.ggml.merges: no merges; only byte-level BPE (model `gpt2`) is supported",
               "use the model's folder with tokenizer.json instead");
  }
  if (vocabulary.types.size() != vocabulary.tokens.size()) {
    fail_input(place, fmt::format("tokenizer.ggml.token_type: {} types for {} tokens", vocabulary.types.size(),
                                  vocabulary.tokens.size()));
  }
  for (const int32_t id : {vocabulary.bos, vocabulary.eos, vocabulary.unknown, vocabulary.padding}) {
    if (id < -1 || id >= static_cast<int64_t>(vocabulary.tokens.size())) {
      fail_input(place, fmt::format("tokenizer.ggml: token id {} is outside the vocabulary of {}", id,
                                    vocabulary.tokens.size()));
    }
  }
}

}  // namespace

Tokenizer Tokenizer::from_gguf(const GgufVocabulary& vocabulary, std::string_view place) {
  check(vocabulary, place);
  const PreRow& row = find_row(vocabulary.pre, place);
  const Json json = {{"version", "1.0"},
                     {"truncation", nullptr},
                     {"padding", nullptr},
                     {"added_tokens", added_tokens(vocabulary)},
                     {"normalizer", row.nfc ? Json{{"type", "NFC"}} : Json()},
                     {"pre_tokenizer", pre_tokenizer(row.shape)},
                     {"post_processor", post_processor(vocabulary)},
                     {"decoder", byte_level(true)},
                     {"model", model(vocabulary, row.shape, place)}};
  return from_json(json, place);
}

}  // namespace dormouse::text
