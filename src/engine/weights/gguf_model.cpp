#include "engine/weights/gguf_model.h"

#include <fmt/format.h>

#include <fstream>
#include <utility>

#include "core/base/error.h"

namespace dormouse::weights {

namespace {

int32_t vocabulary_id(const Gguf& gguf, const std::string& key, std::size_t tokens) {
  const int64_t id = gguf.integer(key, -1);
  return id >= 0 && id < static_cast<int64_t>(tokens) ? static_cast<int32_t>(id) : -1;
}

text::GgufVocabulary vocabulary_from_gguf(const Gguf& gguf, const ModelConfig& config) {
  const std::string model = gguf.string("tokenizer.ggml.model");
  if (model != "gpt2") {
    fail_input(gguf.place(), fmt::format("tokenizers of kind `{}` are not supported; supported: gpt2", model),
               "use the model's folder with its tokenizer.json");
  }
  text::GgufVocabulary vocabulary;
  const auto* tokens = gguf.find<std::vector<std::string>>("tokenizer.ggml.tokens");
  const auto* merges = gguf.find<std::vector<std::string>>("tokenizer.ggml.merges");
  if (tokens == nullptr || merges == nullptr) fail_input(gguf.place(), "has no tokenizer (tokens and merges)");
  vocabulary.tokens = *tokens;
  vocabulary.merges = *merges;
  if (static_cast<int64_t>(tokens->size()) > config.vocab_size) {
    fail_input(gguf.place(), fmt::format("has {} tokens but only {} embeddings", tokens->size(), config.vocab_size));
  }
  if (const auto* types = gguf.find<std::vector<int64_t>>("tokenizer.ggml.token_type")) {
    if (types->size() != tokens->size()) {
      fail_input(gguf.place(), fmt::format("has {} tokens but {} token types", tokens->size(), types->size()));
    }
    for (const int64_t type : *types)
      vocabulary.types.push_back(type >= 1 && type <= 6 ? static_cast<int32_t>(type) : 1);
  } else {
    vocabulary.types.assign(tokens->size(), 1);
  }
  vocabulary.pre = gguf.string("tokenizer.ggml.pre", "default");
  vocabulary.bos = vocabulary_id(gguf, "tokenizer.ggml.bos_token_id", tokens->size());
  vocabulary.eos = vocabulary_id(gguf, "tokenizer.ggml.eos_token_id", tokens->size());
  vocabulary.unknown = vocabulary_id(gguf, "tokenizer.ggml.unknown_token_id", tokens->size());
  vocabulary.padding = vocabulary_id(gguf, "tokenizer.ggml.padding_token_id", tokens->size());
  vocabulary.add_bos = gguf.boolean("tokenizer.ggml.add_bos_token", false);
  return vocabulary;
}

GgufModel build(Gguf gguf, std::shared_ptr<const MappedFile> file) {
  GgufModel model;
  model.config = config_from_gguf(gguf);
  model.vocabulary = vocabulary_from_gguf(gguf, model.config);
  model.chat_template = gguf.string("tokenizer.chat_template", "");
  model.name = gguf.string("general.name", "");
  model.tensors = std::make_shared<GgufTensors>(std::move(gguf), model.config, std::move(file));
  return model;
}

}  // namespace

bool is_gguf(const fs::path& path) {
  std::error_code code;
  if (!fs::is_regular_file(path, code)) return false;  // a pipe would lose what is read
  std::string head(4, '\0');
  std::ifstream(path, std::ios::binary).read(head.data(), static_cast<std::streamsize>(head.size()));
  return head == "GGUF";
}

GgufModel open_gguf(const fs::path& path) {
  auto file = std::make_shared<const MappedFile>(path);
  Gguf gguf(file->bytes(), path.string());
  return build(std::move(gguf), std::move(file));
}

GgufModel parse_gguf(std::span<const std::byte> bytes, const std::string& place) {
  return build(Gguf(bytes, place), nullptr);
}

}  // namespace dormouse::weights
