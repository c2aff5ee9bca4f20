#include "engine/weights/adapter_folder.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/json.h"

namespace dormouse::weights {

namespace {

constexpr const char* kPrefix = "base_model.model.";
constexpr const char* kSuffix = ".weight";
constexpr const char* kWeights = "adapter_model.safetensors";
constexpr const char* kConfig = "adapter_config.json";
constexpr std::size_t kMaxConfigBytes = 1 << 20;
constexpr int64_t kMaxRank = 1 << 14;

Json config_json(const AdapterConfig& config) {
  return {{"peft_type", "LORA"},
          {"task_type", "CAUSAL_LM"},
          {"r", config.rank},
          {"lora_alpha", config.alpha},
          {"target_modules", config.kinds},
          {"base_model_name_or_path", config.base},
          {"bias", "none"},
          {"lora_dropout", 0.0},
          {"fan_in_fan_out", false},
          {"inference_mode", true},
          {"init_lora_weights", true},
          {"use_rslora", false},
          {"use_dora", false},
          {"modules_to_save", Json()}};
}

bool is_set(const Json& config, const char* key) {
  const auto found = config.find(key);
  return found != config.end() && !found->is_null() && *found != false && !(found->is_structured() && found->empty());
}

AdapterConfig read_config(const fs::path& path) {
  const std::string place = path.string();
  const Json json = parse_json(read_file(path, kMaxConfigBytes), place);
  if (json_string(json, "peft_type", place) != "LORA") {
    fail_input(place, "`peft_type` is not LORA", "only plain LoRA adapters are read");
  }
  for (const char* key :
       {"use_rslora", "use_dora", "rank_pattern", "alpha_pattern", "modules_to_save", "fan_in_fan_out"}) {
    if (is_set(json, key)) fail_input(place, fmt::format("`{}` is set", key), "only plain LoRA adapters are read");
  }
  if (json.value("bias", "none") != "none")
    fail_input(place, "`bias` is not none", "only plain LoRA adapters are read");
  AdapterConfig config;
  config.rank = json_int(json, "r", place);
  if (config.rank < 1 || config.rank > kMaxRank) fail_input(place, fmt::format("`r` is {}", config.rank));
  config.alpha = json_number(json, "lora_alpha", place);
  const Json& modules = json_member(json, "target_modules", place);
  if (!modules.is_array()) fail_input(place, "`target_modules`: expected a list of names");
  for (const Json& module : modules) {
    if (!module.is_string()) fail_input(place, "`target_modules`: expected a list of names");
    config.kinds.push_back(module.get<std::string>());
  }
  const auto base = json.find("base_model_name_or_path");
  if (base != json.end() && base->is_string()) config.base = base->get<std::string>();
  return config;
}

}  // namespace

void save_adapter_folder(const fs::path& folder, const AdapterConfig& config,
                         const std::map<std::string, NamedTensor>& tensors) {
  std::map<std::string, NamedTensor> named;
  for (const auto& [name, tensor] : tensors) named[kPrefix + name + kSuffix] = tensor;
  make_folders(folder);
  write_safetensors(folder / kWeights, named);
  write_file(folder / kConfig, config_json(config).dump(2) + "\n");
}

AdapterFolder load_adapter_folder(const fs::path& folder) {
  AdapterFolder adapter{read_config(folder / kConfig), {}};
  const fs::path path = folder / kWeights;
  const SafetensorsFiles file({path});
  for (const auto& info : file.tensors()) {
    const std::string& name = info.name;
    if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) {
      fail_input(path.string(), fmt::format("the tensor `{}` is not named as PEFT names adapters", name));
    }
    const std::size_t begin = std::string_view(kPrefix).size(), end = name.size() - std::string_view(kSuffix).size();
    std::vector<float> values(file.tensor(name).bytes.size() / size_of(file.tensor(name).dtype));
    file.read_f32(name, values);
    adapter.tensors[name.substr(begin, end - begin)] = std::move(values);
  }
  return adapter;
}

}  // namespace dormouse::weights
