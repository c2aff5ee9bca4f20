#include "engine/weights/adapter_folder.h"

#include <gtest/gtest.h>

#include "core/base/json.h"
#include "engine/weights/expect_error.h"
#include "engine/weights/temporary_folder.h"

namespace dormouse::weights {
namespace {

const std::vector<float> kValues{1, 2, 3, 4, 5, 6};

void save(const fs::path& folder) {
  const auto bytes = std::as_bytes(std::span(kValues));
  save_adapter_folder(folder, {.rank = 2, .alpha = 4, .kinds = {"q_proj"}, .base = "mouse"},
                      {{"model.layers.0.self_attn.q_proj.lora_A", {{2, 3}, DType::kF32, bytes}},
                       {"model.layers.0.self_attn.q_proj.lora_B", {{3, 2}, DType::kF32, bytes}}});
}

TEST(AdapterFolder, ComesBackAsItWasSaved) {
  const TemporaryFolder folder;
  save(folder.path());
  const AdapterFolder loaded = load_adapter_folder(folder.path());
  EXPECT_EQ(loaded.config.rank, 2);
  EXPECT_EQ(loaded.config.alpha, 4);
  EXPECT_EQ(loaded.config.kinds, std::vector<std::string>{"q_proj"});
  EXPECT_EQ(loaded.config.base, "mouse");
  ASSERT_EQ(loaded.tensors.size(), 2u);
  EXPECT_EQ(loaded.tensors.at("model.layers.0.self_attn.q_proj.lora_B"), kValues);
}

TEST(AdapterFolder, UsesPeftsNames) {
  const TemporaryFolder folder;
  save(folder.path());
  const SafetensorsFiles file({folder.path() / "adapter_model.safetensors"});
  EXPECT_EQ(file.tensors()[0].name, "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight");
}

TEST(AdapterFolder, RefusesWhatIsNotPlainLora) {
  for (const char* key : {"use_dora", "use_rslora", "rank_pattern", "modules_to_save"}) {
    const TemporaryFolder folder;
    save(folder.path());
    const fs::path path = folder.path() / "adapter_config.json";
    Json config = parse_json(read_file(path), path.string());
    config[key] = std::string(key).starts_with("use") ? Json(true) : Json({{"lm_head", 8}});
    write_file(path, config.dump());
    EXPECT_INPUT_ERROR(load_adapter_folder(folder.path()), key);
  }
}

}  // namespace
}  // namespace dormouse::weights
