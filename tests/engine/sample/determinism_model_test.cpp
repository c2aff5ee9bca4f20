// What must not change a completion does not: the table of options, each against the same baseline, bit for bit,
// log-probabilities included. (docs/engine.md lists what is promised for training, and the tests of that.)
#include <gtest/gtest.h>

#include <cstring>

#include "core/base/files.h"
#include "engine/chat/local_model.h"
#include "engine/nn/runtime.h"
#include "engine/nn/transformer.h"
#include "engine/sample/generator.h"

namespace dormouse::sample {
namespace {

struct Variant {
  std::string name;
  GeneratorOptions options;
  int threads = 2;
  bool idle_hooks = false;
};

// At every place, none of which does anything.
nn::Hooks idle_hooks(int64_t layers) {
  nn::Hooks hooks;
  for (const auto& name : nn::hook_names(layers)) hooks[name] = [](const at::Tensor& x) { return x; };
  return hooks;
}

std::vector<Variant> variants() {
  const GeneratorOptions base{.log_probs = true};
  std::vector<Variant> all{{"one thread", base, 1}, {"three threads", base, 3}, {"idle hooks", base, 2, true}};
  for (const int64_t batch : {1, 3, 7}) {
    all.push_back({"batch " + std::to_string(batch), base});
    all.back().options.max_batch = batch;
  }
  for (const int64_t tokens : {1, 40}) {
    all.push_back({"prefill " + std::to_string(tokens), base});
    all.back().options.prefill_tokens = tokens;
  }
  all.push_back({"prefixes not shared", base});
  all.back().options.share_prefixes = false;
  all.push_back({"all at once", {.max_batch = 2, .prefill_tokens = 1, .share_prefixes = false, .log_probs = true}, 1});
  return all;
}

std::vector<GenerationRequest> requests(const text::ChatFormat& format) {
  std::vector<GenerationRequest> made;
  for (const char* prompt :
       {"Name a colour.", "Name a colour and a town.", "hey", "Write a list of five animals.", "2 + 2 ="}) {
    const text::Message message{"user", prompt};
    for (uint64_t seed : {1, 2}) made.push_back({format.prompt({&message, 1}).ids, seed});
  }
  return made;
}

TEST(SamplingIsTheSame, WhateverTheOptions) {
  chat::LocalModel model(weights::ModelFiles::open("smollm2-135m-instruct"));
  const auto& format = model.format();
  const auto asked = requests(format);
  SamplingOptions options;
  options.max_tokens = 12;
  for (const bool in_bf16 : {false, true}) {
    if (in_bf16) model.transformer().round_weights(at::kBFloat16);
    model.transformer().pack();
    const auto run = [&](const Variant& variant) {
      nn::set_threads(variant.threads);
      model.transformer().set_hooks(variant.idle_hooks ? idle_hooks(model.transformer().config().num_layers)
                                                       : nn::Hooks{});
      return Generator(model.transformer(), format.tokenizer(), format.stop_ids(), variant.options).run(asked, options);
    };
    const auto expected = run({"baseline", {.log_probs = true}});
    for (const auto& variant : variants()) {
      SCOPED_TRACE(variant.name + (in_bf16 ? ", bf16" : ", fp32"));
      const auto got = run(variant);
      for (std::size_t i = 0; i < asked.size(); ++i) {
        EXPECT_EQ(got[i].tokens, expected[i].tokens);
        ASSERT_EQ(got[i].log_probs.size(), expected[i].log_probs.size());
        EXPECT_EQ(
            std::memcmp(got[i].log_probs.data(), expected[i].log_probs.data(), got[i].log_probs.size() * sizeof(float)),
            0);
      }
    }
  }
  nn::set_threads(2);
}

}  // namespace
}  // namespace dormouse::sample
