#include "engine/weights/model_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "core/base/error.h"
#include "core/base/json.h"
#include "engine/weights/gguf_model.h"
#include "engine/weights/neox.h"

namespace dormouse::weights {

struct ModelFiles::State {
  fs::path path;
  ModelConfig config;
  text::Tokenizer tokenizer;
  SpecialTokens special;
  std::string chat_template;
  std::shared_ptr<const TensorSource> tensors;
  std::vector<fs::path> weight_files;
  std::once_flag hashed;
  std::string sha256;
};

namespace {

constexpr std::size_t kMaxJson = std::size_t{1} << 28;

// A file's JSON, or nothing if there is no such file.
std::optional<Json> optional_json(const fs::path& path) {
  std::error_code code;
  if (!fs::exists(path, code)) return std::nullopt;
  return parse_json(read_file(path, kMaxJson), path.string());
}

Json required_json(const fs::path& folder, const char* name, const char* next) {
  auto json = optional_json(folder / name);
  if (!json) fail_input(folder.string(), fmt::format("has no {}", name), next);
  return std::move(*json);
}

bool is_file(const fs::path& path) {
  std::error_code code;
  return fs::is_regular_file(path, code);
}

// A shard must lie in the folder itself: names come from a downloaded file.
void check_shard_name(const std::string& name, const std::string& place) {
  const bool is_plain = !name.empty() && name.find_first_of(std::string_view("/\\\0", 3)) == std::string::npos;
  if (!is_plain || name.front() == '.' || !name.ends_with(".safetensors")) {
    fail_input(place, fmt::format("`{}` is not a plain name of a .safetensors file", name));
  }
}

// Tensor name -> shard name.
std::map<std::string, std::string> read_index(const fs::path& path) {
  const std::string place = path.string();
  const Json index = parse_json(read_file(path, kMaxJson), place);
  const Json& map = json_member(index, "weight_map", place);
  if (!map.is_object() || map.empty()) fail_input(place, "`weight_map`: expected an object of file names");
  std::map<std::string, std::string> shards;
  for (const auto& [tensor, shard] : map.items()) {
    if (!shard.is_string()) fail_input(place, fmt::format("`{}`: expected a file name", tensor));
    check_shard_name(shard.get<std::string>(), place);
    shards.emplace(tensor, shard.get<std::string>());
  }
  return shards;
}

[[noreturn]] void fail_no_weights(const fs::path& folder) {
  static const std::set<std::string> kPickles = {".bin", ".pt", ".pth", ".ckpt", ".pkl"};
  std::error_code code;
  for (fs::directory_iterator at(folder, code), end; !code && at != end; at.increment(code)) {
    if (!kPickles.contains(at->path().extension().string())) continue;
    fail_input(at->path().string(), "is a pickle, which can carry code and is never opened",
               "convert it to safetensors, for example with transformers: "
               "model.save_pretrained(folder, safe_serialization=True)");
  }
  fail_input(folder.string(), "has neither model.safetensors nor model.safetensors.index.json");
}

void open_weights(const fs::path& folder, ModelFiles::State& state) {
  const fs::path single = folder / "model.safetensors", index = folder / "model.safetensors.index.json";
  std::map<std::string, std::string> shard_of;
  if (is_file(single)) {
    state.weight_files = {single};
  } else if (is_file(index)) {
    shard_of = read_index(index);
    std::set<std::string> names;
    for (const auto& [tensor, shard] : shard_of) names.insert(shard);
    for (const std::string& name : names) state.weight_files.push_back(folder / name);
  } else {
    fail_no_weights(folder);
  }
  auto source = std::make_shared<SafetensorsFiles>(state.weight_files);
  for (const auto& [tensor, shard] : shard_of) {
    if (source->file_of(tensor).filename() != shard) {
      fail_input(index.string(), fmt::format("tensor `{}` is not in {}", tensor, shard));
    }
  }
  state.tensors = std::move(source);
  if (state.config.is_neox()) state.tensors = std::make_shared<NeoxTensors>(std::move(state.tensors), state.config);
}

// "bos_token" is a string, null for none, or an object with the string under "content".
std::string token_text(const Json& json, const char* key, const std::string& fallback) {
  const auto found = json.find(key);
  if (found == json.end()) return fallback;
  if (found->is_null()) return {};
  if (found->is_string()) return found->get<std::string>();
  if (!found->is_object()) return fallback;
  const auto content = found->find("content");
  return content != found->end() && content->is_string() ? content->get<std::string>() : fallback;
}

std::string token_of(const text::Tokenizer& tokenizer, int32_t id) {
  return id >= 0 && id < tokenizer.vocab_size() ? tokenizer.token_text(id) : std::string();
}

SpecialTokens special_tokens_of(const Json& tokenizer_config, const ModelConfig& config,
                                const text::Tokenizer& tokenizer) {
  const int32_t eos = config.eos_token_ids.empty() ? -1 : config.eos_token_ids.front();
  return {token_text(tokenizer_config, "bos_token", token_of(tokenizer, config.bos_token_id)),
          token_text(tokenizer_config, "eos_token", token_of(tokenizer, eos)),
          token_text(tokenizer_config, "pad_token", token_of(tokenizer, config.pad_token_id)),
          token_text(tokenizer_config, "unk_token", {})};
}

// "chat_template" of tokenizer_config.json: a string, or a list of named ones.
std::string listed_template(const Json& tokenizer_config) {
  const auto found = tokenizer_config.find("chat_template");
  if (found == tokenizer_config.end()) return {};
  if (found->is_string()) return found->get<std::string>();
  if (!found->is_array()) return {};
  for (const Json& item : *found) {
    if (item.is_object() && item.value("name", Json()) == "default") return token_text(item, "template", {});
  }
  return {};
}

void merge_generation_config(const fs::path& folder, ModelConfig& config) {
  const fs::path path = folder / "generation_config.json";
  const auto json = optional_json(path);
  if (!json) return;
  auto& ids = config.eos_token_ids;
  for (const int32_t id : token_ids_from_json(*json, "eos_token_id", path.string())) {
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  }
}

std::shared_ptr<ModelFiles::State> open_folder(const fs::path& folder) {
  ModelConfig config =
      config_from_json(required_json(folder, "config.json", "give a folder in the layout of the hub, or a GGUF file"),
                       (folder / "config.json").string());
  merge_generation_config(folder, config);
  const Json tokenizer_json = required_json(
      folder, "tokenizer.json", "only tokenizer.json is read: save the tokenizer with a recent transformers");
  auto tokenizer = text::Tokenizer::from_json(tokenizer_json, (folder / "tokenizer.json").string());
  const Json tokenizer_config = optional_json(folder / "tokenizer_config.json").value_or(Json::object());
  SpecialTokens special = special_tokens_of(tokenizer_config, config, tokenizer);
  const fs::path jinja = folder / "chat_template.jinja";
  std::string chat_template = is_file(jinja) ? read_file(jinja, kMaxJson) : listed_template(tokenizer_config);

  std::shared_ptr<ModelFiles::State> state(new ModelFiles::State{
      folder, std::move(config), std::move(tokenizer), std::move(special), std::move(chat_template), {}, {}, {}, {}});
  open_weights(folder, *state);
  check_tensors(state->config, *state->tensors, folder.string());
  return state;
}

std::shared_ptr<ModelFiles::State> open_gguf_state(const fs::path& path) {
  GgufModel model = open_gguf(path);
  auto tokenizer = text::Tokenizer::from_gguf(model.vocabulary, path.string());
  const auto& vocabulary = model.vocabulary;
  SpecialTokens special{token_of(tokenizer, vocabulary.bos), token_of(tokenizer, vocabulary.eos),
                        token_of(tokenizer, vocabulary.padding), token_of(tokenizer, vocabulary.unknown)};
  return std::shared_ptr<ModelFiles::State>(new ModelFiles::State{path,
                                                                  std::move(model.config),
                                                                  std::move(tokenizer),
                                                                  std::move(special),
                                                                  std::move(model.chat_template),
                                                                  std::move(model.tensors),
                                                                  {path},
                                                                  {},
                                                                  {}});
}

}  // namespace

ModelFiles ModelFiles::open(const std::string& spec) {
  const fs::path path = find_model(spec);
  std::error_code code;
  const std::string extension = path.extension().string();
  if (!fs::is_directory(path, code) && extension != ".gguf" && !is_gguf(path)) {
    const char* next = extension == ".safetensors" ? "give the folder that holds it, its config and its tokenizer"
                       : extension == ".yaml"
                           ? "a model behind an API can only attack; here one on this machine is needed"
                           : "give a folder in the layout of the hub, or a GGUF file";
    fail_input(path.string(), "is neither a folder nor a GGUF file", next);
  }
  auto state = fs::is_directory(path, code) ? open_folder(path) : open_gguf_state(path);
  if (state->tokenizer.vocab_size() > state->config.vocab_size) {
    fail_input(path.string(), fmt::format("the tokenizer has {} tokens, but the model only {} embeddings",
                                          state->tokenizer.vocab_size(), state->config.vocab_size));
  }
  return ModelFiles(std::move(state));
}

const ModelConfig& ModelFiles::config() const { return state_->config; }
const text::Tokenizer& ModelFiles::tokenizer() const { return state_->tokenizer; }
const SpecialTokens& ModelFiles::special_tokens() const { return state_->special; }
const std::string& ModelFiles::chat_template() const { return state_->chat_template; }
const fs::path& ModelFiles::path() const { return state_->path; }
const TensorSource& ModelFiles::tensors() const { return *state_->tensors; }

text::ChatFormat ModelFiles::chat_format() const {
  if (state_->chat_template.empty()) {
    fail_input(state_->path.string(), "has no chat template",
               "use a model that was trained to chat (often \"-instruct\"), or copy recipes/plain-chat.jinja into the "
               "folder as chat_template.jinja");
  }
  return text::ChatFormat(state_->tokenizer,
                          text::ChatTemplate::parse(state_->chat_template, state_->path.string() + ": chat template"),
                          state_->special.bos, state_->special.eos);
}

std::string ModelFiles::sha256() const {
  std::call_once(state_->hashed, [this] { state_->sha256 = sha256_of_weights(state_->weight_files); });
  return state_->sha256;
}

}  // namespace dormouse::weights
