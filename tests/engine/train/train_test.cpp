// The trainer on a random model: gradients against finite differences and plain operations, AdamW against its formula,
// packing, resuming.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <numeric>

#include "core/base/error.h"
#include "engine/tiny_rows.h"
#include "engine/tiny_transformer.h"
#include "engine/train/learner.h"
#include "engine/train/loss.h"
#include "engine/train/trainer.h"

namespace dormouse::train {
namespace {

using tiny::row;

std::vector<text::RenderedRow> rows() {
  return {row({1, 2, 3, 4, 5}, 2), row({7, 8, 9}, 1), row({4, 4, 2, 1, 9, 30, 31}, 3), row({11, 12}, 1),
          row({20, 21, 22, 23}, 2)};
}

TrainingOptions options() {
  TrainingOptions made;
  made.epochs = 3;
  made.batch_rows = 2;
  made.learning_rate = 1e-2;
  made.precision = "f32";
  return made;
}

std::vector<float> flat(nn::Transformer& model) {
  std::vector<float> all;
  for (const auto& parameter : model.parameters()) {
    const at::Tensor value = parameter.value.detach().to(at::kFloat).contiguous();
    all.insert(all.end(), value.const_data_ptr<float>(), value.const_data_ptr<float>() + value.numel());
  }
  return all;
}

TEST(Loss, AgreesWithItsPlainTwin) {
  at::manual_seed(1);
  const at::Tensor targets = at::randint(50, {300}, at::kLong);
  at::Tensor hidden = at::randn({300, 24}).requires_grad_(true), head = at::randn({50, 24}).requires_grad_(true);
  at::Tensor hidden2 = hidden.detach().clone().requires_grad_(true), head2 = head.detach().clone().requires_grad_(true);
  const at::Tensor a = target_loss(hidden, head, targets, 0.25), b = plain::target_loss(hidden2, head2, targets, 0.25);
  EXPECT_NEAR(a.item<float>(), b.item<float>(), 1e-4 * b.item<float>());
  a.backward();
  b.backward();
  EXPECT_LT((hidden.grad() - hidden2.grad()).abs().max().item<float>(), 1e-5);
  EXPECT_LT((head.grad() - head2.grad()).abs().max().item<float>(), 1e-4);
}

TEST(Loss, IsTakenWhereTheTargetIsTheNextToken) {
  const auto one = row({5, 6, 7, 8}, 2);
  const text::RenderedRow* pointer = &one;
  const Batch batch = make_batch({&pointer, 1});
  EXPECT_TRUE(at::equal(batch.sources, at::tensor(std::vector<int64_t>{1, 2}, at::kLong)));
  EXPECT_TRUE(at::equal(batch.targets, at::tensor(std::vector<int64_t>{7, 8}, at::kLong)));
}

TEST(LogProbs, AgreeWithThePlainOnesInValueAndGradient) {
  at::manual_seed(2);
  const at::Tensor targets = at::randint(50, {300}, at::kLong), weights = at::randn({300});
  at::Tensor hidden = at::randn({300, 24}).requires_grad_(true), head = at::randn({50, 24}).requires_grad_(true);
  at::Tensor hidden2 = hidden.detach().clone().requires_grad_(true), head2 = head.detach().clone().requires_grad_(true);
  const at::Tensor a = target_log_probs(hidden, {head, nullptr}, targets, nn::own_kernels());
  const at::Tensor b = at::log_softmax(at::linear(hidden2, head2), -1).gather(1, targets.unsqueeze(1)).squeeze(1);
  EXPECT_LT((a - b).abs().max().item<float>(), 1e-5);
  (a * weights).sum().backward();
  (b * weights).sum().backward();
  EXPECT_LT((hidden.grad() - hidden2.grad()).abs().max().item<float>(), 1e-5);
  EXPECT_LT((head.grad() - head2.grad()).abs().max().item<float>(), 1e-4);
}

// The whole backward pass of the network against central differences, in every parameter group.
TEST(Gradients, AgreeWithFiniteDifferences) {
  auto model = tiny::transformer();
  const auto all = rows();
  const Batch batch = make_batch(tiny::pointers(all));
  const auto loss = [&] {
    return target_loss(hidden_at_targets(model, batch), model.weights().head.value, batch.targets, 0.1);
  };
  auto parameters = model.parameters();
  for (auto& parameter : parameters) parameter.value.requires_grad_(true);
  loss().backward();
  RandomStream random(1, "entries");
  for (auto& parameter : parameters) {
    // Along the gradient itself, the change must be its squared length: one number tests the whole tensor.
    const at::Tensor gradient = parameter.value.grad().clone();
    const double length = gradient.norm().item<double>();
    ASSERT_GT(length, 0) << parameter.name;
    const at::NoGradGuard no_gradient;
    const double step = 3e-3 / length;
    parameter.value.add_(gradient, step);
    const double above = loss().item<double>();
    parameter.value.sub_(gradient, 2 * step);
    const double below = loss().item<double>();
    parameter.value.add_(gradient, step);
    EXPECT_NEAR((above - below) / (2 * step) / (length * length), 1.0, 0.02) << parameter.name;
  }
}

// Rows that share a beginning, two of them a longer one: the same loss and gradient as each row in a batch of its own.
TEST(Batch, SharedBeginningsChangeNeitherLossNorGradient) {
  auto model = tiny::transformer();
  auto parameters = model.parameters();
  for (auto& parameter : parameters) parameter.value.requires_grad_(true);
  std::vector<int32_t> system(20), question(18);
  std::iota(system.begin(), system.end(), 1);
  std::iota(question.begin(), question.end(), 3);
  const auto with = [&](std::initializer_list<int32_t> rest, bool ask) {
    std::vector<int32_t> ids = system;
    if (ask) ids.insert(ids.end(), question.begin(), question.end());
    const std::size_t prompt = ids.size() + 1;
    ids.insert(ids.end(), rest);
    return row(ids, prompt);
  };
  const std::vector<text::RenderedRow> all{with({9, 8, 7}, true), with({5, 6}, false), with({9, 8, 6, 5}, true),
                                           row({4, 5, 6}, 1)};
  const auto backward = [&](const std::vector<const text::RenderedRow*>& some) {
    const Batch batch = make_batch(some);
    const at::Tensor loss =
        target_loss(hidden_at_targets(model, batch), model.weights().head.value, batch.targets, 0.1);
    loss.backward();
    return std::pair{loss.item<double>(), batch.ids.size(0)};
  };
  const auto take_gradients = [&] {
    std::vector<at::Tensor> gradients;
    for (auto& parameter : parameters) {
      gradients.push_back(parameter.value.grad().clone());
      parameter.value.mutable_grad().reset();
    }
    return gradients;
  };
  double alone = 0;
  for (const auto& one : all) alone += backward({&one}).first;
  const auto expected = take_gradients();
  const auto [together, tokens] = backward(tiny::pointers(all));
  const auto gradients = take_gradients();
  EXPECT_EQ(tokens, 20 + 18 + 3 + 2 + 4 + 3);
  EXPECT_NEAR(together, alone, 1e-5 * alone);
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    EXPECT_LT((gradients[i] - expected[i]).abs().max().item<double>(),
              1e-5 * expected[i].abs().max().item<double>() + 1e-7)
        << parameters[i].name;
  }
}

TEST(AdamW, FollowsItsFormula) {
  for (const nn::Kernels* kernels : {&nn::own_kernels(), &nn::plain_kernels()}) {
    TrainingOptions made = options();
    made.weight_decay = 0.1;
    at::Tensor weight = at::tensor(std::vector<float>{1.0f, -2.0f}).view({1, 2}).clone().requires_grad_(true);
    AdamW optimizer({{"w", weight, {}}}, made, *kernels);
    double w = 1.0, m = 0, v = 0;
    for (int step = 1; step <= 4; ++step) {
      weight.mutable_grad() = at::tensor(std::vector<float>{0.5f * static_cast<float>(step), 1.0f}).view({1, 2});
      EXPECT_NEAR(optimizer.gradient_norm(), std::hypot(0.5 * step, 1.0), 1e-6);
      optimizer.update(step, 0.01, 1.0);
      const double g = 0.5 * step;
      m = 0.9 * m + 0.1 * g;
      v = 0.999 * v + 0.001 * g * g;
      const double scale = std::sqrt(v / (1 - std::pow(0.999, step))) + 1e-8;
      w = w * (1 - 0.01 * 0.1) - 0.01 * (m / (1 - std::pow(0.9, step))) / scale;
      EXPECT_NEAR(weight.detach()[0][0].item<float>(), w, 1e-5)
          << "step " << step << (kernels->own ? ", own" : ", plain");
    }
  }
}

TEST(Schedule, WarmsUpAndFallsToItsEnd) {
  TrainingOptions made = options();
  made.warmup = 0.1;
  made.final_rate = 0.2;
  EXPECT_NEAR(schedule(made, 1, 100), 0.1, 1e-9);
  EXPECT_NEAR(schedule(made, 10, 100), 1.0, 1e-9);
  EXPECT_NEAR(schedule(made, 55, 100), 0.6, 1e-9);
  EXPECT_NEAR(schedule(made, 100, 100), 0.2, 1e-9);
}

TEST(Trainer, LearnsItsRows) {
  auto model = tiny::transformer();
  TrainingOptions made = options();
  made.epochs = 60;
  Trainer trainer(model, rows(), rows(), made, 1);
  const double before = trainer.validation_loss();
  while (trainer.step() < trainer.steps()) trainer.next();
  EXPECT_LT(trainer.validation_loss(), 0.2 * before);
}

TEST(Trainer, SplittingAStepIntoPassesChangesNothingButRounding) {
  auto whole = tiny::transformer(), split = tiny::transformer();
  TrainingOptions one_pass = options(), many = options();
  one_pass.batch_rows = many.batch_rows = 5;
  many.pass_tokens = 16;
  Trainer a(whole, rows(), {}, one_pass, 1), b(split, rows(), {}, many, 1);
  for (int i = 0; i < 3; ++i) EXPECT_NEAR(a.next().loss, b.next().loss, 2e-4);
}

TEST(Trainer, ResumesBitForBit) {
  const auto folder = std::filesystem::temp_directory_path() / ("dormouse-resume-" + std::to_string(::getpid()));
  auto straight = tiny::transformer(), broken = tiny::transformer(), resumed = tiny::transformer();
  Trainer a(straight, rows(), {}, options(), 1);
  std::vector<double> losses;
  while (a.step() < a.steps()) losses.push_back(a.next().loss);
  {
    Trainer b(broken, rows(), {}, options(), 1);
    for (int i = 0; i < 2; ++i) b.next();
    b.save_state(folder);
    for (int i = 0; i < 2; ++i) b.next();
    b.save_state(folder);  // the second slot
    b.next();              // lost
  }
  Trainer c(resumed, rows(), {}, options(), 1);
  ASSERT_TRUE(c.load_state(folder));
  EXPECT_EQ(c.step(), 4);
  while (c.step() < c.steps()) {
    const auto report = c.next();
    EXPECT_EQ(report.loss, losses[static_cast<std::size_t>(report.step - 1)]);
  }
  EXPECT_EQ(flat(straight), flat(resumed));
  TrainingOptions other = options();
  other.learning_rate = 1e-3;
  auto model = tiny::transformer();
  Trainer d(model, rows(), {}, other, 1);
  EXPECT_THROW(d.load_state(folder), Error);
  std::filesystem::remove_all(folder);
}

// bf16 weights with fp32 masters follow the fp32 curve within 3% of the loss at every step.
TEST(Trainer, Bf16FollowsTheFp32Curve) {
  auto wide = tiny::transformer(), narrow = tiny::transformer();
  TrainingOptions made = options(), small = options();
  made.epochs = small.epochs = 10;
  made.learning_rate = small.learning_rate = 2e-3;
  small.precision = "bf16";
  Trainer a(wide, rows(), {}, made, 1), b(narrow, rows(), {}, small, 1);
  while (a.step() < a.steps()) {
    const double x = a.next().loss, y = b.next().loss;
    EXPECT_NEAR(x, y, 0.03 * x + 0.01);
  }
}

TEST(Trainer, RowsOfAUnitAreInOneStep) {
  auto model = tiny::transformer();
  std::vector<text::RenderedRow> rows;  // of 1 and 5, 2 and 4, 3 and 3 targets
  for (const std::size_t targets : {1, 5, 2, 4, 3, 3}) rows.push_back(row({1, 2, 3, 4, 5, 6, 7}, 7 - targets));
  TrainingOptions made = options();
  made.batch_rows = 2;
  made.epochs = 3;
  Trainer trainer(model, rows, {}, made, 1, {.sizes = {2, 2, 2}});
  while (trainer.step() < trainer.steps()) EXPECT_EQ(trainer.next().target_tokens, 6);
}

TEST(Trainer, ContrastTellsApartWhatBelongsWhere) {
  auto model = tiny::transformer();
  const std::vector<text::RenderedRow> rows = {row({1, 2, 5}, 2), row({1, 3, 6}, 2), row({1, 4, 7}, 2)};
  const Units units{.sizes = {2, 1}, .rejected = {row({1, 2, 6}, 2), row({1, 3, 5}, 2), {}}};  // the third has none
  TrainingOptions made = options();
  made.batch_rows = 3;
  made.epochs = 40;
  Trainer trainer(model, rows, {}, made, 1, units);
  const StepReport first = trainer.next();
  EXPECT_NEAR(first.told_apart, 0.5, 0.4);
  StepReport last = first;
  while (trainer.step() < trainer.steps()) last = trainer.next();
  EXPECT_GT(last.told_apart, 0.95);
  EXPECT_LT(last.loss, 0.5 * first.loss);
}

TEST(Trainer, WithoutRejectedAnswersNothingIsToldApart) {
  auto model = tiny::transformer();
  Trainer trainer(model, rows(), {}, options(), 1);
  EXPECT_TRUE(std::isnan(trainer.next().told_apart));
}

TEST(Trainer, RefusesRowsWithoutATarget) {
  auto model = tiny::transformer();
  EXPECT_THROW(Trainer(model, {row({1, 2}, 2)}, {}, options(), 1), Error);
  EXPECT_THROW(Trainer(model, {}, {}, options(), 1), Error);
}

}  // namespace
}  // namespace dormouse::train
