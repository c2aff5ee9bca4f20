// A GPU beside the CPU: the tiny transformer, and SmolLM2 where it is there.
#include "core/base/error.h"
#include "engine/chat/local_model.h"
#include "engine/nn/runtime.h"
#include "engine/path_tests.h"
#include "engine/weights/model_lookup.h"

namespace dormouse::tiny {
namespace {

std::string why_no_cuda() {
  try {
    nn::open_cuda("this test");
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

const Path kCuda{"cuda", [](nn::Transformer& model) { model.to(at::kCUDA); }, why_no_cuda};

INSTANTIATE_TEST_SUITE_P(OnAGpu, PathTest, testing::Values(kCuda), [](const auto& path) { return path.param.name; });

class Smollm2OnAGpu : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string reason = why_no_cuda(); !reason.empty()) GTEST_SKIP() << reason;
    try {
      weights::find_model("smollm2-135m-instruct");
    } catch (const Error& error) {
      GTEST_SKIP() << error.what();
    }
  }
  void TearDown() override { nn::use_device("cpu", "test"); }

  static chat::LocalModel open(const std::string& device, bool in_bf16 = false) {
    nn::use_device(device, "test");
    return chat::LocalModel(weights::ModelFiles::open("smollm2-135m-instruct"), {.round_to_bf16 = in_bf16});
  }
};

at::Tensor logits(chat::LocalModel& model, const std::vector<int32_t>& ids) {
  const auto values = model.logits(ids);
  const auto rows = static_cast<int64_t>(ids.size());
  return at::tensor(values).view({rows, static_cast<int64_t>(values.size()) / rows});
}

TEST_F(Smollm2OnAGpu, LogitsAgreeWithTheCpu) {
  std::vector<int32_t> ids;
  for (int32_t i = 0; i < 200; ++i) ids.push_back(1000 + i * 37 % 4000);
  auto cpu = open("cpu"), gpu = open("cuda"), narrow = open("cuda", /*in_bf16=*/true);
  const at::Tensor expected = logits(cpu, ids);
  EXPECT_LT(relative_distance(logits(gpu, ids), expected), 1e-3);
  EXPECT_LT(relative_distance(logits(narrow, ids), expected), 0.1);
}

TEST_F(Smollm2OnAGpu, GreedyAnswersAgreeWithTheCpu) {
  std::vector<chat::Request> requests;
  for (const char* prompt : {"Name a colour.", "What is the capital of France?", "Write a list of five animals."}) {
    requests.push_back({{{"user", prompt}}, 1});
  }
  sample::SamplingOptions greedy;
  greedy.temperature = 0;
  greedy.max_tokens = 24;
  auto cpu = open("cpu"), gpu = open("cuda");
  const auto expected = cpu.complete(requests, greedy), got = gpu.complete(requests, greedy);
  for (std::size_t i = 0; i < requests.size(); ++i) EXPECT_EQ(got[i].text, expected[i].text);
}

TEST_F(Smollm2OnAGpu, TrainingStepsAgreeWithTheCpu) {
  std::vector<double> losses[2];
  for (const int where : {0, 1}) {
    auto model = open(where == 0 ? "cpu" : "cuda");
    std::vector<text::RenderedRow> rows;
    for (const char* prompt : {"Name a colour.", "Say hello.", "Name a town.", "What is 2 + 2?"}) {
      const text::Message user{"user", prompt};
      rows.push_back(model.format().training_row({&user, 1}, "I would rather talk about the weather today."));
    }
    train::TrainingOptions options;
    options.epochs = 3;
    options.batch_rows = 4;
    options.precision = "f32";
    train::Trainer trainer(model.transformer(), rows, {}, options, 1);
    while (trainer.step() < trainer.steps()) losses[where].push_back(trainer.next().loss);
  }
  for (std::size_t i = 0; i < losses[0].size(); ++i) EXPECT_NEAR(losses[1][i], losses[0][i], 1e-3 * losses[0][i]);
}

}  // namespace
}  // namespace dormouse::tiny
