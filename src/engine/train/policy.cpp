#include "engine/train/policy.h"

#include "core/base/error.h"
#include "engine/train/learner.h"
#include "engine/train/loss.h"

namespace dormouse::train {

struct PolicyTrainer::State {
  Learner learner;
  int64_t steps = 0;  // done
};

PolicyTrainer::PolicyTrainer(nn::Transformer& model, const TrainingOptions& options)
    : state_(new State{Learner(model, options)}) {}

PolicyTrainer::~PolicyTrainer() = default;

PolicyReport PolicyTrainer::step(std::span<const text::RenderedRow* const> rows, const PolicyLoss& loss, double learning_rate,
                                 int64_t pass_tokens) {
  DORMOUSE_ASSERT(!rows.empty());
  Learner& learner = state_->learner;
  PolicyReport report;
  std::size_t first_row = 0;
  for (const auto& pass : split_passes(rows, pass_tokens)) {
    const nn::Transformer& model = learner.model();
    const Batch batch = make_batch(pass, model.device());
    const nn::Tensor log_probs =
        target_log_probs(hidden_at_targets(model, batch), model.weights().head, batch.targets, model.kernels());
    const nn::Tensor numbers = log_probs.detach().cpu();
    const int64_t count = batch.targets.size(0);
    const std::span read(numbers.const_data_ptr<float>(), static_cast<std::size_t>(count));
    PolicyTerm term = loss({read, first_row, batch.targets_of_row});
    DORMOUSE_ASSERT(static_cast<int64_t>(term.gradient.size()) == count);
    log_probs.backward(at::from_blob(term.gradient.data(), {count}, at::kFloat).to(log_probs.device()));
    report.loss += term.loss;
    report.tokens += batch.row_tokens;
    report.target_tokens += count;
    first_row += pass.size();
  }
  report.gradient_norm = learner.update(++state_->steps, learning_rate);
  return report;
}

}  // namespace dormouse::train
