#include "engine/nn/transformer.h"

#include <gtest/gtest.h>

#include "core/base/error.h"
#include "engine/tiny_transformer.h"

namespace dormouse::nn {
namespace {

Tensor ids() { return at::tensor(std::vector<int64_t>{3, 1, 4, 1, 5, 9, 2, 6}, at::kLong); }

TEST(Transformer, PackingDocumentsChangesNothing) {
  const auto model = tiny::transformer();
  const at::NoGradGuard no_gradient;
  DocumentAttention both({{0, 5}, {5, 3}}), first({{0, 5}}), second({{0, 3}});
  const Tensor positions = at::tensor(std::vector<int64_t>{0, 1, 2, 3, 4, 0, 1, 2}, at::kLong);
  const Tensor packed = model.forward(ids(), positions, both);
  const Tensor a = model.forward(ids().narrow(0, 0, 5), at::arange(5), first);
  const Tensor b = model.forward(ids().narrow(0, 5, 3), at::arange(3), second);
  EXPECT_LT((packed - at::cat({a, b})).abs().max().item<float>(), 1e-5);
}

TEST(Transformer, PackedWeightsAgreeWithPlainOnes) {
  auto model = tiny::transformer();
  const at::NoGradGuard no_gradient;
  DocumentAttention attention({{0, 8}});
  const Tensor plain = model.logits(model.forward(ids(), at::arange(8), attention));
  model.pack();
  const Tensor packed = model.logits(model.forward(ids(), at::arange(8), attention));
  EXPECT_LT((plain - packed).abs().max().item<float>(), 1e-4);
}

TEST(Transformer, LoadedForSamplingOnlyHasTheBitsOfThePackedOne) {
  for (const bool tied : {true, false}) {
    auto config = tiny::config();
    config.tie_embeddings = tied;
    Transformer whole(config, tiny::RandomSource(config), "tiny");
    const Transformer lean(config, tiny::RandomSource(config), "tiny", Purpose::kSamplingOnly);
    whole.pack();
    const at::NoGradGuard no_gradient;
    DocumentAttention attention({{0, 8}});
    EXPECT_TRUE(at::equal(lean.logits(lean.forward(ids(), at::arange(8), attention)),
                          whole.logits(whole.forward(ids(), at::arange(8), attention))))
        << tied;
    EXPECT_FALSE(lean.weights().layers[0].qkv.value.defined());
  }
}

TEST(Transformer, HooksReadAndWriteEveryNamedPlace) {
  auto model = tiny::transformer();
  const at::NoGradGuard no_gradient;
  DocumentAttention attention({{0, 8}});
  const Tensor untouched = model.forward(ids(), at::arange(8), attention);
  for (const auto& name : hook_names(model.config().num_layers)) {
    int calls = 0;
    model.set_hooks({{name, [&](const Tensor& x) {
                        ++calls;
                        EXPECT_EQ(x.sizes(), (std::vector<int64_t>{8, 24}));
                        return x;
                      }}});
    EXPECT_TRUE(at::equal(model.forward(ids(), at::arange(8), attention), untouched)) << name;
    EXPECT_EQ(calls, 1) << name;
    model.set_hooks({{name, [](const Tensor& x) { return x + 1; }}});
    EXPECT_FALSE(at::equal(model.forward(ids(), at::arange(8), attention), untouched)) << name;
  }
  EXPECT_THROW(model.set_hooks({{"layers.9.mlp", [](const Tensor& x) { return x; }}}), Error);
}

TEST(Transformer, GradientsFlowThroughAHook) {
  auto model = tiny::transformer();
  DocumentAttention attention({{0, 8}});
  const Tensor direction = at::zeros({24}).requires_grad_(true);
  model.set_hooks({{"layers.0.residual", [&](const Tensor& x) { return x + direction; }}});
  model.forward(ids(), at::arange(8), attention).square().sum().backward();
  ASSERT_TRUE(direction.grad().defined());
  EXPECT_GT(direction.grad().abs().sum().item<float>(), 0);
}

weights::ModelConfig with_biases() {
  auto config = tiny::config();
  config.qkv_bias = config.attention_output_bias = config.mlp_bias = true;
  return config;
}

TEST(Transformer, BiasesAreAddedPackedOrNotAndTrain) {
  const auto config = with_biases();
  Transformer model(config, tiny::RandomSource(config), "tiny");
  DocumentAttention attention({{0, 8}});
  const auto logits = [&] { return model.logits(model.forward(ids(), at::arange(8), attention)); };
  const Tensor plain = logits();
  model.pack();
  EXPECT_LT((plain - logits()).abs().max().item<float>(), 1e-4);
  const Transformer lean(config, tiny::RandomSource(config), "tiny", Purpose::kSamplingOnly);
  EXPECT_TRUE(at::equal(lean.logits(lean.forward(ids(), at::arange(8), attention)), logits()));

  for (const bool packed : {true, false}) {
    packed ? model.pack() : model.unpack();
    for (auto& parameter : model.parameters()) {
      parameter.value.set_requires_grad(true);
      parameter.value.mutable_grad() = Tensor();
    }
    logits().square().sum().backward();
    for (const auto& parameter : model.parameters()) {
      ASSERT_TRUE(parameter.value.grad().defined()) << parameter.name;
      EXPECT_GT(parameter.value.grad().abs().sum().item<float>(), 0) << parameter.name;
    }
    for (auto& parameter : model.parameters()) parameter.value.set_requires_grad(false);
  }
}

// GPT-NeoX's layer.
weights::ModelConfig neox() {
  auto config = with_biases();
  config.num_kv_heads = config.num_heads;
  config.gated_mlp = false;
  config.centred_norm = config.parallel_residual = true;
  config.rotary_fraction = 0.25;
  return config;
}

TEST(Transformer, OwnAndPlainKernelsAgreeForNeox) {
  const auto config = neox();
  Transformer own(config, tiny::RandomSource(config), "tiny"), plain(config, tiny::RandomSource(config), "tiny");
  plain.use(plain_kernels());
  std::vector<std::vector<Parameter>> trained;
  std::vector<Tensor> logits;
  for (Transformer* model : {&own, &plain}) {
    for (auto& parameter : model->parameters()) parameter.value.set_requires_grad(true);
    const auto attention = model->document_attention({{0, 8}});
    logits.push_back(model->logits(model->forward(ids(), at::arange(8), *attention)));
    logits.back().square().sum().backward();
    trained.push_back(model->parameters());
  }
  EXPECT_LT((logits[0] - logits[1]).abs().max().item<float>(), 1e-4);
  for (std::size_t i = 0; i < trained[0].size(); ++i) {
    const Tensor a = trained[0][i].value.grad(), b = trained[1][i].value.grad();
    EXPECT_LT(((a - b).norm() / b.norm()).item<float>(), 1e-3) << trained[0][i].name;
  }
}

TEST(Transformer, EveryHubNameIsAPartOfOneParameter) {
  for (const auto& config : {with_biases(), neox()}) {
    Transformer model(config, tiny::RandomSource(config), "tiny");
    std::map<std::string, int64_t> elements;
    for (const auto& parameter : model.parameters()) {
      int64_t rows = 0;
      for (const auto& part : parameter.parts) {
        EXPECT_EQ(part.first_row, rows);
        rows += part.rows;
        elements[part.hub_name] = part.rows * (parameter.value.dim() > 1 ? parameter.value.size(1) : 1);
      }
      EXPECT_EQ(rows, parameter.value.size(0));
    }
    for (const auto& info : tiny::RandomSource(config).tensors()) EXPECT_EQ(elements[info.name], info.elements());
  }
}

}  // namespace
}  // namespace dormouse::nn
