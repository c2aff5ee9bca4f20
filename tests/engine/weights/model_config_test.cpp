#include "engine/weights/model_config.h"

#include <gtest/gtest.h>

#include "engine/weights/expect_error.h"
#include "engine/weights/tensor_source.h"
#include "engine/weights/tiny_model.h"

namespace dormouse::weights {
namespace {

// As published beside SmolLM2-135M-Instruct, less what is not read.
Json published() {
  return Json::parse(R"({
    "architectures": ["LlamaForCausalLM"], "attention_bias": false, "bos_token_id": 1, "eos_token_id": 2,
    "hidden_act": "silu", "hidden_size": 576, "intermediate_size": 1536, "max_position_embeddings": 8192,
    "mlp_bias": false, "model_type": "llama", "num_attention_heads": 9, "num_hidden_layers": 30,
    "num_key_value_heads": 3, "pad_token_id": 2, "rms_norm_eps": 1e-05, "rope_scaling": null, "rope_theta": 100000,
    "tie_word_embeddings": true, "torch_dtype": "bfloat16", "vocab_size": 49152})");
}

ModelConfig read(const Json& json) { return config_from_json(json, "config.json"); }

ModelConfig read_with(const char* key, const Json& value) {
  Json json = published();
  json[key] = value;
  return read(json);
}

TEST(ModelConfig, ThePublishedFileIsRead) {
  const ModelConfig config = read(published());
  EXPECT_EQ(config.hidden_size, 576);
  EXPECT_EQ(config.head_dim, 64);
  EXPECT_EQ(config.num_kv_heads, 3);
  EXPECT_EQ(config.rope_theta, 100000);
  EXPECT_EQ(config.norm_eps, 1e-5);
  EXPECT_TRUE(config.tie_embeddings);
  EXPECT_EQ(config.eos_token_ids, std::vector<int32_t>{2});
}

TEST(ModelConfig, BothSpellingsOfTheRotaryBaseAreRead) {
  Json json = published();
  json.erase("rope_theta");
  json["rope_parameters"] = {{"rope_theta", 5000}, {"rope_type", "default"}};
  EXPECT_EQ(read(json).rope_theta, 5000);
  json.erase("rope_parameters");
  EXPECT_EQ(read(json).rope_theta, 10000);  // the family's default
  EXPECT_EQ(read_with("rope_scaling", {{"type", "default"}}).rope_theta, 100000);
}

TEST(ModelConfig, WritingAndReadingGiveTheSame) {
  ModelConfig config = read(published());
  EXPECT_EQ(read(config_to_json(config, DType::kBF16)), config);
  config.eos_token_ids = {2, 0};
  config.qkv_bias = config.attention_output_bias = config.mlp_bias = true;
  config.bos_token_id = config.pad_token_id = -1;
  config.rope_theta = 12345.5;
  EXPECT_EQ(read(config_to_json(config, DType::kF32)), config);
  config.qkv_bias = config.attention_output_bias = config.mlp_bias = false;
  config.model_type = "mistral";
  EXPECT_EQ(read(config_to_json(config, DType::kF32)), config);
}

TEST(ModelConfig, TheScaledContextOfLlama3IsReadAndWritten) {
  Json scaling = {{"rope_type", "llama3"},
                  {"factor", 8.0},
                  {"low_freq_factor", 1.0},
                  {"high_freq_factor", 4.0},
                  {"original_max_position_embeddings", 8192}};
  const ModelConfig config = read_with("rope_scaling", scaling);
  EXPECT_EQ(config.rope_scaling.factor, 8);
  EXPECT_EQ(config.rope_theta, 100000);
  EXPECT_EQ(read(config_to_json(config, DType::kF32)), config);
  EXPECT_INPUT_ERROR(read_with("rope_scaling", {{"rope_type", "llama3"}, {"factor", 8}}), "low_freq_factor");
  scaling["high_freq_factor"] = 1.0;
  EXPECT_INPUT_ERROR(read_with("rope_scaling", scaling), "expected 0 < `low_freq_factor` < `high_freq_factor`");
  scaling["factor"] = 0;
  EXPECT_INPUT_ERROR(read_with("rope_scaling", scaling), "`factor`: expected 1 or more");
}

TEST(ModelConfig, Qwen2HasBiasesWhereItsConfigSaysNothing) {
  Json json = published();
  json["model_type"] = "qwen2";
  json["sliding_window"] = 4096;  // not used, unless another key says so
  const ModelConfig config = read(json);
  EXPECT_TRUE(config.qkv_bias);
  EXPECT_FALSE(config.attention_output_bias || config.mlp_bias);
  EXPECT_EQ(read(config_to_json(config, DType::kF32)), config);
  json["use_sliding_window"] = true;
  EXPECT_INPUT_ERROR(read(json), "sliding_window");
}

// As published beside Pythia, less what is not read.
TEST(ModelConfig, GptNeoxIsReadAndWritten) {
  const Json json =
      Json::parse(R"({"model_type": "gpt_neox", "hidden_act": "gelu", "hidden_size": 512, "intermediate_size": 2048,
    "num_hidden_layers": 6, "num_attention_heads": 8, "vocab_size": 50304, "max_position_embeddings": 2048,
    "layer_norm_eps": 1e-05, "rotary_emb_base": 10000, "rotary_pct": 0.25, "use_parallel_residual": true, "tie_word_embeddings": false})");
  const ModelConfig config = read(json);
  EXPECT_EQ(config.rotary_dim(), 16);
  EXPECT_TRUE(config.parallel_residual && config.centred_norm && config.qkv_bias && config.mlp_bias);
  EXPECT_FALSE(config.gated_mlp);
  EXPECT_EQ(config.norm_eps, 1e-5);
  EXPECT_EQ(read(config_to_json(config, DType::kF32)), config);
  Json other = json;
  other["rotary_pct"] = 0.02;
  EXPECT_INPUT_ERROR(read(other), "of the 64 elements of a head turn");
  other["rope_scaling"] = {{"rope_type", "llama3"}};
  EXPECT_INPUT_ERROR(read(other), "`llama3` are not supported; supported: default");
  other["hidden_act"] = "gelu_fast";
  EXPECT_INPUT_ERROR(read(other), "`gelu_fast` is not supported; supported: gelu");
}

TEST(ModelConfig, WhatIsNotSupportedIsRefusedByName) {
  EXPECT_INPUT_ERROR(read_with("model_type", "gemma2"), "`gemma2` is not supported; supported: llama");
  EXPECT_INPUT_ERROR(read_with("hidden_act", "gelu"), "`gelu` is not supported; supported: silu");
  EXPECT_INPUT_ERROR(read_with("rope_scaling", {{"type", "linear"}}), "`linear`");
  EXPECT_INPUT_ERROR(read_with("rope_parameters", {{"rope_type", "yarn"}}), "`yarn`");
  EXPECT_INPUT_ERROR(read_with("partial_rotary_factor", 0.5), "partial_rotary_factor");
  EXPECT_INPUT_ERROR(read_with("sliding_window", 4096), "sliding_window");
  EXPECT_NO_THROW(read_with("sliding_window", 8192));
  EXPECT_INPUT_ERROR(read_with("quantization_config", Json::object()), "quantised checkpoints");
}

TEST(ModelConfig, SizesAreBounded) {
  for (const char* key : {"hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
                          "num_key_value_heads", "vocab_size", "max_position_embeddings", "head_dim"}) {
    for (const Json& value : {Json(0), Json(-1), Json(int64_t{1} << 62), Json(~uint64_t{0})}) {
      EXPECT_INPUT_ERROR(read_with(key, value), key);
    }
    EXPECT_INPUT_ERROR(read_with(key, "9"), "expected an integer, found string");
  }
  EXPECT_INPUT_ERROR(read_with("num_attention_heads", 10), "does not divide");
  EXPECT_INPUT_ERROR(read_with("num_key_value_heads", 2), "do not divide");
  EXPECT_INPUT_ERROR(read_with("head_dim", 63), "even");
  EXPECT_INPUT_ERROR(read_with("rope_theta", 0), "rope_theta");
  EXPECT_INPUT_ERROR(read_with("rms_norm_eps", -1), "rms_norm_eps");
  EXPECT_INPUT_ERROR(read_with("tie_word_embeddings", 1), "expected true or false");
  EXPECT_INPUT_ERROR(read(Json::array()), "expected a JSON object");
}

TEST(ModelConfig, TokenIdsMayBeOneOrMany) {
  EXPECT_EQ(read_with("eos_token_id", {2, 5}).eos_token_ids, (std::vector<int32_t>{2, 5}));
  EXPECT_TRUE(read_with("eos_token_id", nullptr).eos_token_ids.empty());
  EXPECT_EQ(read_with("pad_token_id", -1).pad_token_id, -1);
  EXPECT_INPUT_ERROR(read_with("eos_token_id", -7), "not a token id");
  EXPECT_INPUT_ERROR(read_with("eos_token_id", "x"), "eos_token_id");
  EXPECT_INPUT_ERROR(read_with("bos_token_id", ~uint64_t{0}), "not a token id");
}

class Listed final : public TensorSource {
 public:
  std::vector<TensorInfo> list;
  std::vector<TensorInfo> tensors() const override { return list; }
  void read_f32(const std::string&, std::span<float>) const override {}
};

TEST(CheckTensors, AllFaultsAreInOneError) {
  const ModelConfig config = tiny::config();
  Listed source;
  for (const NamedShape& tensor : expected_tensors(config))
    source.list.push_back({tensor.name, tensor.shape, {}, "F32"});
  EXPECT_NO_THROW(check_tensors(config, source, "m"));
  source.list.push_back({"lm_head.weight", {6, 8}, {}, "F32"});
  source.list.push_back({"model.layers.0.self_attn.rotary_emb.inv_freq", {2}, {}, "F32"});
  EXPECT_NO_THROW(check_tensors(config, source, "m"));

  source.list[0].name = "model.embed.weight";
  source.list[1].shape = {9};
  const std::string message = input_error([&] { check_tensors(config, source, "m"); });
  EXPECT_TRUE(contains(message, "(3 faults)"));
  EXPECT_TRUE(contains(message, "missing model.embed_tokens.weight [6, 8]"));
  EXPECT_TRUE(contains(message, "unexpected model.embed.weight [6, 8]"));
  EXPECT_TRUE(contains(message, "model.layers.0.input_layernorm.weight has shape [9], expected [8]"));

  ModelConfig untied = config;
  untied.tie_embeddings = false;
  source.list.clear();
  EXPECT_INPUT_ERROR(check_tensors(untied, source, "m"), "missing lm_head.weight");
}

}  // namespace
}  // namespace dormouse::weights
