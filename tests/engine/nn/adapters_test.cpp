// Adapters on a random model: they begin without effect, they alone train, and merged weights answer as unmerged ones.
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "engine/tiny_rows.h"
#include "engine/tiny_transformer.h"
#include "engine/train/learner.h"
#include "engine/train/policy.h"

namespace dormouse::nn {
namespace {

text::RenderedRow row() { return tiny::row({3, 1, 4, 1, 5, 9}, 3); }

Tensor hidden(const Transformer& model) {
  const at::NoGradGuard no_gradient;
  const text::RenderedRow one = row();
  const text::RenderedRow* pointer = &one;
  return train::hidden_at_targets(model, train::make_batch({&pointer, 1}));
}

void learn(Transformer& model, int steps) {
  train::TrainingOptions options;
  options.precision = "f32";
  train::PolicyTrainer trainer(model, options);
  const text::RenderedRow one = row();
  const text::RenderedRow* pointer = &one;
  for (int step = 0; step < steps; ++step) {
    const auto likelier = [](const train::PolicyPass& pass) {
      return train::PolicyTerm{0, std::vector<float>(pass.log_probs.size(), -1.0f)};
    };
    trainer.step({&pointer, 1}, likelier, 1e-2);
  }
}

TEST(Adapters, BeginWithoutEffectAndAreNamedAsInPeft) {
  auto model = tiny::transformer();
  const Tensor before = hidden(model);
  model.attach_adapters(2, 4, linear_kinds(), 1);
  EXPECT_TRUE(at::equal(before, hidden(model)));
  ASSERT_EQ(model.adapters().size(), 2u * 7u * 2u);  // layers, kinds, a and b
  EXPECT_EQ(model.adapters()[2].name, "model.layers.0.self_attn.k_proj.lora_A");
  EXPECT_EQ(model.adapters()[3].value.sizes().vec(), (std::vector<int64_t>{16, 2}));
  auto other = tiny::transformer();
  EXPECT_THROW(other.attach_adapters(2, 4, {"q_proj", "x_proj"}, 1), Error);
}

TEST(Adapters, AloneTrainAndMergeWithoutATrace) {
  auto model = tiny::transformer();
  model.attach_adapters(2, 4, linear_kinds(), 1);
  const auto untouched = tiny::transformer();
  const Tensor before = hidden(model);
  learn(model, 5);
  const auto a = model.parameters(), b = untouched.parameters();
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(at::equal(a[i].value, b[i].value)) << a[i].name;
  for (const auto& adapter : model.adapters()) EXPECT_GT(adapter.value.abs().max().item<float>(), 0) << adapter.name;
  const Tensor after = hidden(model);
  EXPECT_GT((after - before).abs().max().item<float>(), 1e-2);

  auto whole = tiny::transformer();
  const auto from = model.merged_parameters();
  auto to = whole.parameters();
  for (std::size_t i = 0; i < to.size(); ++i) to[i].value.copy_(from[i].value);
  EXPECT_LT((hidden(whole) - after).abs().max().item<float>(), 1e-5);
  model.pack();  // sampling runs on merged copies
  EXPECT_LT((hidden(model) - after).abs().max().item<float>(), 1e-5);
}

}  // namespace
}  // namespace dormouse::nn
