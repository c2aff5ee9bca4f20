#include "engine/weights/hub_models.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "core/base/json_lines.h"
#include "core/base/version.h"
#include "engine/weights/expect_error.h"
#include "engine/weights/memory.h"
#include "engine/weights/model_lookup.h"
#include "engine/weights/temporary_folder.h"

namespace dormouse::weights {
namespace {

// A cache of the hub as its own tool lays it out.
class HubCache : public ::testing::Test {
 protected:
  HubCache() { ::setenv("HF_HUB_CACHE", temporary_.path().c_str(), 1); }
  ~HubCache() override { ::unsetenv("HF_HUB_CACHE"); }

  fs::path put(const std::string& folder, const std::string& file, const std::string& text,
               const std::string& revision = "ab12") {
    const fs::path model = temporary_.path() / folder;
    make_folders(model / "refs");
    make_folders(model / "snapshots" / "ab12");
    write_file(model / "refs" / "main", revision);
    write_file(model / "snapshots" / "ab12" / file, text);
    return model / "snapshots" / "ab12";
  }

  TemporaryFolder temporary_;
};

constexpr const char* kConfig =
    R"({"model_type": "llama", "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4,
        "vocab_size": 100})";

TEST(HubModels, TheTableHasTheParametersThatWerePublished) {
  int rows = 0;
  for_json_rows(home_folder() / "recipes" / "hub-models.jsonl", [&](const Json& row, const std::string& place) {
    const auto published = static_cast<double>(json_int(row, "parameters", place));
    const auto counted = parameter_count(shape_from_json(json_member(row, "config", place), place));
    EXPECT_NEAR(static_cast<double>(counted) / published, 1, 0.004) << place;
    ++rows;
  });
  EXPECT_GE(rows, 30);
}

TEST_F(HubCache, AShapeSaysWhetherThisVersionRunsTheModel) {
  for (const char* runs : {"meta-llama/Meta-Llama-3-8B-Instruct", "meta-llama/Llama-3.1-8B-Instruct",
                           "meta-llama/Llama-3.2-1B-Instruct", "Qwen/Qwen2.5-72B-Instruct", "EleutherAI/pythia-70m"}) {
    EXPECT_EQ(shape_of_hub_model(runs, "r.yaml:3").refused, "") << runs;
  }
  std::string other = kConfig;
  put("models--org--other", "config.json", other.replace(other.find("llama"), 5, "gemma2"));
  EXPECT_NE(shape_of_hub_model("org/other", "r.yaml:3").refused.find("`gemma2` is not supported"), std::string::npos);
}

TEST_F(HubCache, AnUnknownModelSaysHowToPlanWithIt) {
  EXPECT_INPUT_ERROR(shape_of_hub_model("org/name", "r.yaml:3"), "hf download org/name config.json");
  EXPECT_INPUT_ERROR(shape_of_hub_model("Qwen/Qwen2.5-7B-Instrct", "r.yaml:3"),
                     "did you mean `Qwen/Qwen2.5-7B-Instruct`");
  EXPECT_INPUT_ERROR(find_model("hub:org/name"), "hf download org/name");
}

TEST_F(HubCache, ADownloadIsFoundAndAConfigAloneIsAShape) {
  EXPECT_FALSE(downloaded_model("org/name", "r.yaml:3"));
  const fs::path folder = put("models--org--name", "config.json", kConfig);
  EXPECT_FALSE(downloaded_model("org/name", "r.yaml:3"));
  EXPECT_EQ(shape_of_hub_model("org/name", "r.yaml:3").config.hidden_size, 64);
  put("models--org--name", "model-00001-of-00002.safetensors", "");
  EXPECT_EQ(downloaded_model("org/name", "r.yaml:3"), folder);
  EXPECT_EQ(find_model("hub:org/name"), folder);
  put("models--org--name", "config.json", kConfig, "ab12\n");
  EXPECT_EQ(downloaded_model("org/name", "r.yaml:3"), folder);
}

TEST_F(HubCache, NamesAndRevisionsStayInsideTheCache) {
  for (const char* name : {"name", "../name", "org/..", "org/name/more", "/name", "org/", ""}) {
    EXPECT_INPUT_ERROR(downloaded_model(name, "r.yaml:3"), "r.yaml:3: ");
  }
  put("models--org--name", "model.safetensors", "", "../snapshots/ab12");
  EXPECT_FALSE(downloaded_model("org/name", "r.yaml:3"));
}

TEST(ShapeFromJson, RefusesWhatItWouldMiscount) {
  Json config = Json::parse(kConfig);
  config["model_type"] = "mixtral";
  EXPECT_EQ(shape_from_json(config, "c").num_layers, 2);
  config["num_local_experts"] = 8;
  EXPECT_INPUT_ERROR(shape_from_json(config, "c"), "mixture of experts");
}

}  // namespace
}  // namespace dormouse::weights
