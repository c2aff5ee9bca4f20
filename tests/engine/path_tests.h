// What every way to compute the tiny transformer must agree on with our own kernels: values, gradients, training,
// resuming, sampling. One list of tests for two tiers: without a GPU (plain_path_test.cpp), and on one
// (cuda_gpu_test.cpp).
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "core/text/byte_level.h"
#include "engine/sample/generator.h"
#include "engine/tiny_rows.h"
#include "engine/tiny_transformer.h"
#include "engine/train/learner.h"
#include "engine/train/loss.h"
#include "engine/train/policy.h"
#include "engine/train/trainer.h"

namespace dormouse::tiny {

/// How a model gets onto the path, and why it cannot ("" if it can).
struct Path {
  const char* name;
  void (*put)(nn::Transformer&);
  std::string (*missing)();
};

inline std::ostream& operator<<(std::ostream& out, const Path& path) { return out << path.name; }

class PathTest : public testing::TestWithParam<Path> {
 protected:
  void SetUp() override {
    if (const std::string reason = GetParam().missing(); !reason.empty()) GTEST_SKIP() << reason;
  }
  nn::Transformer on_path() const {
    auto model = transformer();
    GetParam().put(model);
    return model;
  }
};

inline double relative_distance(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor x = a.detach().to(at::kCPU, at::kDouble), y = b.detach().to(at::kCPU, at::kDouble);
  return ((x - y).abs().max() / (y.abs().max() + 1e-9)).item<double>();
}

// Shared beginnings of two depths, a long row, a row of one target.
inline std::vector<text::RenderedRow> path_rows() {
  std::vector<int32_t> long_row(90);
  for (std::size_t i = 0; i < long_row.size(); ++i) long_row[i] = static_cast<int32_t>(i * i % 47);
  std::vector<int32_t> system(long_row.begin(), long_row.begin() + 24), question = system;
  for (int32_t i = 0; i < 18; ++i) question.push_back(i % 7 + 20);
  std::vector<int32_t> other = question, third = system;
  question.insert(question.end(), {1, 2, 3});
  other.insert(other.end(), {4, 5, 6, 7});
  third.insert(third.end(), {8, 9, 10});
  return {row(long_row, 30), row(question, 42), row(other, 42),
          row(third, 24),    row({11, 12}, 1),  row({7, 8, 9, 30}, 2)};
}

inline train::TrainingOptions path_options(const std::string& precision = "f32") {
  train::TrainingOptions options;
  options.epochs = 4;
  options.batch_rows = 3;
  options.learning_rate = 2e-3;
  options.weight_decay = 0.1;
  options.precision = precision;
  options.pass_tokens = 128;
  return options;
}

struct LossAndGradients {
  double loss;
  std::vector<nn::Parameter> parameters;
};

inline LossAndGradients backward(nn::Transformer& model) {
  const auto rows = path_rows();
  const train::Batch batch = train::make_batch(pointers(rows), model.device());
  LossAndGradients made{0, model.parameters()};
  for (auto& parameter : made.parameters) parameter.value.requires_grad_(true);
  const at::Tensor loss =
      train::target_loss(train::hidden_at_targets(model, batch), model.weights().head.value, batch.targets, 0.1);
  loss.backward();
  made.loss = loss.item<double>();
  return made;
}

TEST_P(PathTest, LossAndGradientsAgree) {
  auto own = transformer(), other = on_path();
  const auto expected = backward(own), got = backward(other);
  EXPECT_NEAR(got.loss, expected.loss, 1e-5 * expected.loss);
  for (std::size_t i = 0; i < expected.parameters.size(); ++i) {
    EXPECT_LT(relative_distance(got.parameters[i].value.grad(), expected.parameters[i].value.grad()), 1e-4)
        << expected.parameters[i].name;
  }
}

TEST_P(PathTest, LogProbabilitiesAgree) {
  auto own = transformer(), other = on_path();
  const auto rows = path_rows();
  const auto expected = train::score_rows(own, rows, 64), got = train::score_rows(other, rows, 64);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(got[i].targets, expected[i].targets);
    EXPECT_NEAR(got[i].log_prob, expected[i].log_prob, 1e-3);
  }
}

TEST_P(PathTest, TrainingFollowsTheSameCurve) {
  for (const auto& [precision, tolerance] : {std::pair{"f32", 1e-4}, std::pair{"bf16", 0.03}}) {
    auto own = transformer(), other = on_path();
    train::Trainer a(own, path_rows(), path_rows(), path_options(precision), 1);
    train::Trainer b(other, path_rows(), path_rows(), path_options(precision), 1);
    while (a.step() < a.steps()) {
      const auto expected = a.next(), got = b.next();
      EXPECT_NEAR(got.loss, expected.loss, tolerance * expected.loss) << precision << ", step " << expected.step;
      EXPECT_NEAR(got.gradient_norm, expected.gradient_norm, 3 * tolerance * expected.gradient_norm) << precision;
    }
    EXPECT_NEAR(b.validation_loss(), a.validation_loss(), tolerance * a.validation_loss());
  }
}

TEST_P(PathTest, AStateGoesOnWhereItWas) {
  const auto folder = std::filesystem::temp_directory_path() / ("dormouse-path-" + std::to_string(::getpid()));
  for (const char* precision : {"f32", "bf16"}) {
    auto straight = on_path(), resumed = on_path();
    std::vector<double> losses;
    train::Trainer a(straight, path_rows(), {}, path_options(precision), 1);
    train::Trainer b(resumed, path_rows(), {}, path_options(precision), 1);
    while (a.step() < a.steps()) {
      if (a.step() == 3) a.save_state(folder);
      losses.push_back(a.next().loss);
    }
    ASSERT_TRUE(b.load_state(folder));
    EXPECT_EQ(b.step(), 3);
    while (b.step() < b.steps()) {
      const auto report = b.next();
      EXPECT_NEAR(report.loss, losses[static_cast<std::size_t>(report.step - 1)], 1e-5 * report.loss);
    }
    std::filesystem::remove_all(folder);
  }
}

// Byte i is token i; the tiny transformer knows the first 50.
inline text::Tokenizer bytes() {
  text::GgufVocabulary vocabulary;
  for (int byte = 0; byte < 256; ++byte) {
    vocabulary.tokens.push_back(text::to_byte_level(std::string(1, static_cast<char>(byte))));
  }
  vocabulary.tokens.push_back("he");  // a vocabulary of this kind has at least one merge
  vocabulary.merges.push_back("h e");
  vocabulary.types.assign(257, 1);
  vocabulary.pre = "gpt-2";
  return text::Tokenizer::from_gguf(vocabulary, "tiny");
}

inline std::vector<sample::GenerationRequest> path_requests() {
  std::vector<sample::GenerationRequest> requests;
  for (const auto& row : path_rows()) {
    for (uint64_t seed : {1, 2}) requests.push_back({row.ids, seed});
  }
  requests.push_back({std::vector<int32_t>(600, 7), 3});  // longer than what meets its keys at once
  return requests;
}

inline std::vector<sample::Generation> generate(nn::Transformer& model, double temperature,
                                                sample::GeneratorOptions options) {
  sample::SamplingOptions sampling;
  sampling.temperature = temperature;
  sampling.max_tokens = 10;
  options.log_probs = true;
  model.pack();
  return sample::Generator(model, bytes(), {13}, options).run(path_requests(), sampling);
}

inline void expect_same(const std::vector<sample::Generation>& got, const std::vector<sample::Generation>& expected,
                        double tolerance) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(got[i].tokens, expected[i].tokens) << "request " << i;
    EXPECT_EQ(got[i].stopped, expected[i].stopped);
    ASSERT_EQ(got[i].log_probs.size(), expected[i].log_probs.size());
    for (std::size_t t = 0; t < got[i].log_probs.size(); ++t) {
      EXPECT_NEAR(got[i].log_probs[t], expected[i].log_probs[t], tolerance) << "request " << i << ", token " << t;
    }
  }
}

TEST_P(PathTest, SamplingDrawsTheSameTokensWhateverTheBatch) {
  auto own = transformer(), other = on_path();
  for (const double temperature : {0.0, 1.0}) {
    const auto expected = generate(own, temperature, {});
    expect_same(generate(other, temperature, {}), expected, 1e-4);
    if (temperature == 0) continue;
    expect_same(generate(other, temperature, {.max_batch = 5, .prefill_tokens = 40, .share_prefixes = false}), expected,
                1e-4);
  }
}

// Policy gradients rest on it, also where weights train and are sampled in bf16.
TEST_P(PathTest, SampledLogProbabilitiesAreThoseOfTraining) {
  for (const auto& [type, tolerance] : {std::pair{at::kFloat, 1e-4}, std::pair{at::kBFloat16, 0.1}}) {
    auto model = on_path();
    model.cast(type);
    const auto requests = path_requests();
    const auto made = generate(model, 1.0, {});
    std::vector<text::RenderedRow> rows;
    for (std::size_t i = 0; i < made.size(); ++i) {
      auto ids = requests[i].prompt;
      ids.insert(ids.end(), made[i].tokens.begin(), made[i].tokens.end());
      rows.push_back(row(std::move(ids), requests[i].prompt.size()));
    }
    const auto scores = train::score_rows(model, rows);
    for (std::size_t i = 0; i < made.size(); ++i) {
      double sum = 0;
      for (const float log_prob : made[i].log_probs) sum += log_prob;
      EXPECT_NEAR(scores[i].log_prob, sum, tolerance * static_cast<double>(made[i].tokens.size())) << "request " << i;
    }
  }
}

TEST_P(PathTest, APolicyStepAgrees) {
  auto own = transformer(), other = on_path();
  train::PolicyTrainer a(own, path_options()), b(other, path_options());
  const auto rows = path_rows();
  const auto likelier = [](const train::PolicyPass& pass) {
    train::PolicyTerm term;
    for (const float log_prob : pass.log_probs) term.loss -= 0.01 * log_prob;
    term.gradient.assign(pass.log_probs.size(), -0.01f);
    return term;
  };
  for (int step = 0; step < 3; ++step) {
    const auto expected = a.step(pointers(rows), likelier, 1e-3), got = b.step(pointers(rows), likelier, 1e-3);
    EXPECT_NEAR(got.loss, expected.loss, 1e-4 * expected.loss);
    EXPECT_NEAR(got.gradient_norm, expected.gradient_norm, 1e-3 * expected.gradient_norm);
  }
}

TEST_P(PathTest, AdaptersTrainAndMergeAlike) {
  auto own = transformer(), other = on_path();
  for (nn::Transformer* model : {&own, &other}) {
    model->attach_adapters(2, 4, nn::linear_kinds(), 1);
    train::Trainer trainer(*model, path_rows(), {}, path_options(), 1);
    for (int step = 0; step < 3; ++step) trainer.next();
  }
  const auto expected = own.merged_parameters(), got = other.merged_parameters();
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_LT(relative_distance(got[i].value, expected[i].value), 2e-3) << expected[i].name;
  }
}

}  // namespace dormouse::tiny
