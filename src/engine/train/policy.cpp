#include "engine/train/policy.h"

#include <optional>

#include "core/base/error.h"
#include "engine/train/learner.h"
#include "engine/train/loss.h"
#include "engine/train/scalar_head.h"

namespace dormouse::train {

namespace {

std::span<const float> numbers(const nn::Tensor& tensor) {
  return {tensor.const_data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
}

nn::Tensor gradient_tensor(std::vector<float>& values, const nn::Tensor& of) {
  DORMOUSE_ASSERT(static_cast<int64_t>(values.size()) == of.numel());
  return at::from_blob(values.data(), of.sizes(), at::kFloat).to(of.device());
}

// One number a target token, row by row.
std::vector<std::vector<float>> numbers_of_rows(const nn::Transformer& model,
                                                std::span<const text::RenderedRow* const> rows, int64_t pass_tokens,
                                                const std::function<nn::Tensor(const Batch&)>& read) {
  const at::NoGradGuard no_gradient;
  std::vector<std::vector<float>> all;
  for (const auto& pass : split_passes(rows, pass_tokens)) {
    const Batch batch = make_batch(pass, model.device());
    const nn::Tensor values = read(batch).cpu();
    const float* next = values.const_data_ptr<float>();
    for (const int64_t count : batch.targets_of_row) {
      all.emplace_back(next, next + count);
      next += count;
    }
  }
  return all;
}

std::vector<nn::Parameter> parameters_of(const std::optional<ScalarHead>& head) {
  return head ? std::vector{head->parameter()} : std::vector<nn::Parameter>{};
}

}  // namespace

struct PolicyTrainer::State {
  State(nn::Transformer& model, const TrainingOptions& options, bool value_head)
      : head(value_head ? std::optional<ScalarHead>(model) : std::nullopt),
        learner(model, options, parameters_of(head)) {}

  // The pass's share of the loss; its gradients are added to the parameters'.
  double differentiate(const Batch& batch, std::size_t first_row, const PolicyLoss& loss) {
    const nn::Transformer& model = learner.model();
    const nn::Tensor hidden = hidden_at_targets(model, batch);
    torch::autograd::variable_list outputs{
        target_log_probs(hidden, model.weights().head, batch.targets, model.kernels())};
    if (head) outputs.push_back(head->read(hidden));
    const nn::Tensor log_probs = outputs[0].detach().cpu(), values = outputs.back().detach().cpu();
    PolicyTerm term =
        loss({numbers(log_probs), first_row, batch.targets_of_row, head ? numbers(values) : std::span<const float>()});
    torch::autograd::variable_list gradients{gradient_tensor(term.gradient, outputs[0])};
    if (head) gradients.push_back(gradient_tensor(term.value_gradient, outputs[1]));
    torch::autograd::backward(outputs, gradients);
    return term.loss;
  }

  std::optional<ScalarHead> head;
  Learner learner;
  int64_t steps = 0;  // done
};

PolicyTrainer::PolicyTrainer(nn::Transformer& model, const TrainingOptions& options, bool value_head)
    : state_(new State(model, options, value_head)) {}

PolicyTrainer::~PolicyTrainer() = default;

PolicyReport PolicyTrainer::step(std::span<const text::RenderedRow* const> rows, const PolicyLoss& loss,
                                 double learning_rate, int64_t pass_tokens) {
  DORMOUSE_ASSERT(!rows.empty());
  PolicyReport report;
  std::size_t first_row = 0;
  for (const auto& pass : split_passes(rows, pass_tokens)) {
    const Batch batch = make_batch(pass, state_->learner.model().device());
    report.loss += state_->differentiate(batch, first_row, loss);
    report.tokens += batch.row_tokens;
    report.target_tokens += batch.targets.size(0);
    first_row += pass.size();
  }
  report.gradient_norm = state_->learner.update(++state_->steps, learning_rate);
  return report;
}

std::vector<std::vector<float>> PolicyTrainer::values(std::span<const text::RenderedRow* const> rows,
                                                      int64_t pass_tokens) const {
  DORMOUSE_ASSERT(state_->head.has_value());
  const nn::Transformer& model = state_->learner.model();
  return numbers_of_rows(model, rows, pass_tokens,
                         [&](const Batch& batch) { return state_->head->read(hidden_at_targets(model, batch)); });
}

int64_t PolicyTrainer::steps() const { return state_->steps; }

void PolicyTrainer::save_state(const std::filesystem::path& folder, const std::string& mark) const {
  state_->learner.save(folder, mark, state_->steps);
}

bool PolicyTrainer::load_state(const std::filesystem::path& folder, const std::string& mark) {
  const auto step = state_->learner.load(folder, mark);
  state_->steps = step.value_or(state_->steps);
  return step.has_value();
}

std::vector<std::vector<float>> token_log_probs(const nn::Transformer& model,
                                                std::span<const text::RenderedRow* const> rows, int64_t pass_tokens) {
  return numbers_of_rows(model, rows, pass_tokens, [&](const Batch& batch) {
    return target_log_probs(hidden_at_targets(model, batch), model.weights().head, batch.targets, model.kernels());
  });
}

}  // namespace dormouse::train
