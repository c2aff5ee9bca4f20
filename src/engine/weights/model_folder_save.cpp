#include <fmt/format.h>

#include <utility>

#include "core/base/error.h"
#include "core/base/json.h"
#include "engine/weights/model_folder.h"
#include "engine/weights/neox.h"

namespace dormouse::weights {

namespace {

// What is about to be written, so that it can be checked like what was read.
class Unwritten final : public TensorSource {
 public:
  explicit Unwritten(const std::map<std::string, NamedTensor>& tensors) : tensors_(tensors) {}

  std::vector<TensorInfo> tensors() const override {
    std::vector<TensorInfo> list;
    for (const auto& [name, tensor] : tensors_)
      list.push_back({name, tensor.shape, tensor.dtype, name_of(tensor.dtype)});
    return list;
  }

  void read_f32(const std::string& name, std::span<float> out) const override {
    to_f32(tensors_.at(name).dtype, tensors_.at(name).bytes, out);
  }

 private:
  const std::map<std::string, NamedTensor>& tensors_;
};

void write_json(const fs::path& path, const Json& json) {
  write_file(path, json.dump(2, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) + "\n");
}

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json tokenizer_config(const ModelFiles& like) {
  const SpecialTokens& special = like.special_tokens();
  Json json = {
      {"tokenizer_class", "PreTrainedTokenizerFast"}, {"model_max_length", like.config().max_positions},
      {"clean_up_tokenization_spaces", false},        {"bos_token", text_or_null(special.bos)},
      {"eos_token", text_or_null(special.eos)},       {"pad_token", text_or_null(special.pad)},
      {"unk_token", text_or_null(special.unknown)},
  };
  if (!like.chat_template().empty()) json["chat_template"] = like.chat_template();
  return json;
}

Json generation_config(const Json& config) {
  Json json = {{"_from_model_config", true}};
  for (const char* key : {"bos_token_id", "eos_token_id", "pad_token_id"}) {
    if (!config[key].is_null()) json[key] = config[key];
  }
  return json;
}

}  // namespace

void save_model_folder(const fs::path& folder, const ModelFiles& like,
                       const std::map<std::string, NamedTensor>& tensors) {
  save_model_folder(folder, like, like.config(), tensors);
}

void save_model_folder(const fs::path& folder, const ModelFiles& like, const ModelConfig& config,
                       const std::map<std::string, NamedTensor>& tensors) {
  check_tensors(config, Unwritten(tensors), folder.string());
  std::map<std::string, NamedTensor> kept = tensors;
  if (config.tie_embeddings) kept.erase("lm_head.weight");
  const Json config_json = config_to_json(config, kept.at("model.embed_tokens.weight").dtype);
  std::vector<std::vector<std::byte>> storage;
  if (config.is_neox()) kept = neox_tensors(config, kept, storage);

  make_folders(folder);
  write_safetensors(folder / "model.safetensors", kept);
  write_file(folder / "tokenizer.json", canonical_json(like.tokenizer().json()));
  write_json(folder / "tokenizer_config.json", tokenizer_config(like));
  write_json(folder / "generation_config.json", generation_config(config_json));
  write_json(folder / "config.json", config_json);
}

}  // namespace dormouse::weights
