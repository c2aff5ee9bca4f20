#include "engine/weights/gguf.h"

#include <gtest/gtest.h>

#include "engine/weights/expect_error.h"
#include "engine/weights/gguf_model.h"
#include "engine/weights/tiny_model.h"

namespace dormouse::weights {
namespace {

using tiny::bytes_of;
using tiny::GgufWriter;
using tiny::put;

const std::string kFourFloats(16, '\0');

void check_gguf(const std::string& file) { Gguf(bytes_of(file), "f"); }

TEST(Gguf, MetadataAndTensorsAreRead) {
  GgufWriter writer;
  writer.text("name", "x");
  writer.u32("count", 7);
  writer.f32("theta", 0.5f);
  writer.pair("yes", 7, std::string(1, '\1'));
  writer.pair("minus", 1, std::string(1, '\xff'));
  writer.texts("list", {"a", ""});
  writer.ints("ids", {-1, 2});
  writer.tensor("t", {2, 2}, 0, kFourFloats);
  const std::string file = writer.build();
  const Gguf gguf(bytes_of(file), "f");
  EXPECT_EQ(gguf.string("name"), "x");
  EXPECT_EQ(gguf.integer("count"), 7);
  EXPECT_EQ(gguf.integer("minus"), -1);
  EXPECT_EQ(gguf.number("theta"), 0.5);
  EXPECT_TRUE(gguf.boolean("yes", false));
  EXPECT_EQ(*gguf.find<std::vector<std::string>>("list"), (std::vector<std::string>{"a", ""}));
  EXPECT_EQ(*gguf.find<std::vector<int64_t>>("ids"), (std::vector<int64_t>{-1, 2}));
  EXPECT_EQ(gguf.integer("absent", 3), 3);
  ASSERT_EQ(gguf.tensors().size(), 1u);
  EXPECT_EQ(gguf.tensors()[0].bytes.size(), 16u);
}

TEST(Gguf, WrongTypesAndMissingKeysAreNamed) {
  GgufWriter writer;
  writer.text("name", "x");
  const std::string file = writer.build();
  const Gguf gguf(bytes_of(file), "f.gguf");
  EXPECT_INPUT_ERROR(gguf.integer("name"), "f.gguf: `name`: expected an integer, found a string");
  EXPECT_INPUT_ERROR(gguf.string("other"), "missing metadata key `other`");
}

TEST(Gguf, CutShortAnywhereItIsRefused) {
  const std::string file = tiny::gguf().build();
  EXPECT_NO_THROW(check_gguf(file));
  for (std::size_t length = 0; length < file.size(); length += length < file.size() - tiny::kDataBytes ? 1 : 41) {
    const std::string part = file.substr(0, length);  // a copy of its own, so that a sanitizer sees reads past the end
    EXPECT_THROW(check_gguf(part), Error) << length;
  }
}

TEST(Gguf, NoSingleByteMakesItCrash) {
  const std::string file = tiny::gguf().build();
  const std::size_t head = file.size() - tiny::kDataBytes;
  for (std::size_t at = 0; at < head; ++at) {
    std::string damaged = file;
    damaged[at] = static_cast<char>(at % 2 == 0 ? 0xff : ~damaged[at]);
    try {
      parse_gguf(bytes_of(damaged), "f");
    } catch (const Error&) {
    }
  }
}

TEST(Gguf, CountsAreBoundedByTheBytesLeft) {
  GgufWriter writer;
  writer.said_tensors = uint64_t{1} << 60;
  EXPECT_INPUT_ERROR(check_gguf(writer.build()), "tensors, more than");
  writer = {};
  writer.said_pairs = ~uint64_t{0};
  EXPECT_INPUT_ERROR(check_gguf(writer.build()), "metadata pairs, more than");

  std::string array;
  put<uint32_t>(array, 4);
  put<uint64_t>(array, uint64_t{1} << 61);  // times four wraps around
  writer = {};
  writer.pair("k", 9, array);
  EXPECT_INPUT_ERROR(check_gguf(writer.build()), "array items, more than");

  std::string text;
  put<uint64_t>(text, ~uint64_t{0});
  writer = {};
  writer.pair("k", 8, text);
  EXPECT_INPUT_ERROR(check_gguf(writer.build()), "are left");
}

TEST(Gguf, HeadsThatAreNotOursAreNamed) {
  GgufWriter writer;
  writer.version = 1;
  EXPECT_INPUT_ERROR(check_gguf(writer.build()), "version 1");
  writer.version = 0x03000000;
  EXPECT_INPUT_ERROR(check_gguf(writer.build()), "big-endian");
  EXPECT_INPUT_ERROR(check_gguf(std::string(100, 'x')), "not a GGUF");
  EXPECT_INPUT_ERROR(check_gguf("GG"), "not a GGUF");
  EXPECT_INPUT_ERROR(check_gguf("GGUF\3"), "damaged or cut short");
}

TEST(Gguf, OddMetadataIsRefused) {
  GgufWriter writer;
  writer.u32("k", 1);
  writer.u32("k", 2);
  EXPECT_INPUT_ERROR(check_gguf(writer.build()), "`k` twice");
  writer = {};
  writer.pair("k", 13, "");
  EXPECT_INPUT_ERROR(check_gguf(writer.build() + std::string(8, '\0')), "unknown metadata type 13");
  writer = {};
  std::string nested;
  put<uint32_t>(nested, 9);
  put<uint64_t>(nested, 0);
  writer.pair("k", 9, nested);
  EXPECT_INPUT_ERROR(check_gguf(writer.build()), "arrays of arrays");
  writer = {};
  std::string large;
  put<uint64_t>(large, ~uint64_t{0});
  writer.pair("k", 10, large);
  EXPECT_INPUT_ERROR(check_gguf(writer.build()), "63 bits");
  for (const uint32_t alignment : {0u, 3u, 1u << 31}) {
    writer = {};
    writer.u32("general.alignment", alignment);
    EXPECT_INPUT_ERROR(check_gguf(writer.build()), "power of two");
  }
}

TEST(Gguf, OddTensorsAreRefused) {
  struct Case {
    std::vector<uint64_t> dims;
    uint32_t type;
    std::optional<uint64_t> offset;
    const char* part;
  };
  const uint64_t huge = uint64_t{1} << 63;
  for (const Case& test : std::vector<Case>{{{4}, 0, 8, "not aligned"},
                                            {{4}, 0, huge, "past the end"},
                                            {{4}, 0, ~uint64_t{0} - 31, "past the end"},
                                            {{5}, 0, {}, "past the end"},
                                            {{0}, 0, {}, "empty or too large"},
                                            {{huge, 2}, 0, {}, "empty or too large"},
                                            {{1u << 31, 1u << 31, 4}, 0, {}, "empty or too large"},
                                            {{}, 0, {}, "0 dimensions"},
                                            {{1, 1, 1, 1, 1}, 0, {}, "5 dimensions"},
                                            {{4}, 10, {}, "Q2_K is not supported"},
                                            {{4}, 99, {}, "number 99 is not supported"},
                                            {{4}, 8, {}, "do not divide into Q8_0 blocks"}}) {
    GgufWriter writer;
    writer.tensor("t", test.dims, test.type, kFourFloats, test.offset);
    EXPECT_INPUT_ERROR(check_gguf(writer.build()), test.part);
  }
}

TEST(Gguf, OverlapAndDuplicateTensorsAreRefused) {
  GgufWriter writer;
  writer.tensor("a", {16}, 0, std::string(64, '\0'));
  writer.tensor("b", {4}, 0, kFourFloats, 32);
  EXPECT_INPUT_ERROR(check_gguf(writer.build()), "`a` and `b` overlap");
  writer = {};
  writer.tensor("a", {4}, 0, kFourFloats);
  writer.tensor("a", {4}, 0, kFourFloats);
  EXPECT_INPUT_ERROR(check_gguf(writer.build()), "two tensors called `a`");
}

TEST(GgufModel, NamesShapesAndRowsAreTheHubs) {
  const std::string file = tiny::gguf().build();
  const GgufModel model = parse_gguf(bytes_of(file), "f");
  EXPECT_EQ(model.config, tiny::config());
  EXPECT_EQ(model.vocabulary.tokens.size(), 6u);
  EXPECT_EQ(model.vocabulary.eos, 1);
  for (const auto& [name, expected] : tiny::values()) {
    std::vector<float> read(expected.size());
    model.tensors->read_f32(name, read);
    EXPECT_EQ(read, expected) << name;
  }
  EXPECT_INPUT_ERROR(std::vector<float> one(1);
                     model.tensors->read_f32("model.norm.wight", one), "did you mean `model.norm.weight`");
}

TEST(GgufModel, BiasesOfQAndKAreInTheHubsOrderToo) {
  GgufWriter writer = tiny::gguf();
  const auto add = [&](const char* name, const std::vector<float>& values) {
    writer.tensor(name, {values.size()}, 0, {reinterpret_cast<const char*>(values.data()), values.size() * 4});
  };
  const std::vector<float> q = {0, 1, 2, 3, 4, 5, 6, 7}, k = {0, 1, 2, 3};
  add("blk.0.attn_q.bias", tiny::interleaved(q, 4, 1));
  add("blk.0.attn_k.bias", tiny::interleaved(k, 4, 1));
  add("blk.0.attn_v.bias", k);
  add("blk.0.attn_output.bias", q);
  const std::string file = writer.build();
  const GgufModel model = parse_gguf(bytes_of(file), "f");
  EXPECT_TRUE(model.config.qkv_bias && model.config.attention_output_bias);
  for (const auto& [name, expected] :
       std::map<std::string, std::vector<float>>{{"q_proj", q}, {"k_proj", k}, {"v_proj", k}, {"o_proj", q}}) {
    std::vector<float> read(expected.size());
    model.tensors->read_f32("model.layers.0.self_attn." + name + ".bias", read);
    EXPECT_EQ(read, expected) << name;
  }
}

TEST(GgufModel, WhatIsMissingIsNamed) {
  for (const char* key : {"llama.embedding_length", "llama.attention.head_count", "llama.context_length"}) {
    EXPECT_INPUT_ERROR(parse_gguf(bytes_of(tiny::gguf(key).build()), "f"), std::string("`") + key + "`");
  }
  EXPECT_INPUT_ERROR(parse_gguf(bytes_of(tiny::gguf("blk.0.ffn_up.weight").build()), "f"),
                     "missing model.layers.0.mlp.up_proj.weight [12, 8]");
  EXPECT_INPUT_ERROR(parse_gguf(bytes_of(tiny::gguf("token_embd.weight").build()), "f"), "token_embd.weight");
}

TEST(GgufModel, OtherModelsAreRefusedByName) {
  GgufWriter writer;
  writer.text("general.architecture", "gemma3");
  EXPECT_INPUT_ERROR(parse_gguf(bytes_of(writer.build()), "f"), "`gemma3` is not supported");
  writer = tiny::gguf();
  writer.text("llama.rope.scaling.type", "yarn");
  EXPECT_INPUT_ERROR(parse_gguf(bytes_of(writer.build()), "f"), "scaled rotary");
  writer = tiny::gguf();
  writer.u32("llama.expert_count", 8);
  EXPECT_INPUT_ERROR(parse_gguf(bytes_of(writer.build()), "f"), "experts");
  writer = tiny::gguf();
  writer.tensor("blk.0.attn_q_norm.weight", {4}, 0, kFourFloats);
  EXPECT_INPUT_ERROR(parse_gguf(bytes_of(writer.build()), "f"), "unexpected blk.0.attn_q_norm.weight [4]");
}

TEST(HubName, KnownNamesAreTranslatedAndOthersKept) {
  EXPECT_EQ(hub_name("blk.12.attn_k.bias"), "model.layers.12.self_attn.k_proj.bias");
  EXPECT_EQ(hub_name("output.weight"), "lm_head.weight");
  for (const char* name :
       {"blk.", "blk.x.attn_q.weight", "blk.99999999999.attn_q.weight", "blk.1", "", "rope_freqs.weight"}) {
    EXPECT_EQ(hub_name(name), name);
  }
}

}  // namespace
}  // namespace dormouse::weights
