#include "engine/train/reward.h"

#include "core/base/error.h"
#include "engine/train/learner.h"
#include "engine/train/scalar_head.h"
#include "engine/weights/safetensors.h"

namespace dormouse::train {

struct RewardModel::State {
  nn::Transformer& model;
  ScalarHead head;

  // [rows] fp32
  nn::Tensor rewards(const Batch& batch) const {
    const auto attention = model.document_attention(batch.documents);
    const nn::Tensor last = at::tensor(batch.last_of_row, at::kLong).to(model.device());
    return head.read(model.forward(batch.ids, batch.positions, *attention).index_select(0, last));
  }
};

RewardModel::RewardModel(nn::Transformer& model) : state_(new State{model, ScalarHead(model)}) {}
RewardModel::~RewardModel() = default;

std::vector<float> RewardModel::score(std::span<const text::RenderedRow* const> rows, int64_t pass_tokens) const {
  const at::NoGradGuard no_gradient;
  std::vector<float> all;
  for (const auto& pass : split_passes(rows, pass_tokens)) {
    const nn::Tensor rewards = state_->rewards(make_batch(pass, state_->model.device())).cpu();
    all.insert(all.end(), rewards.const_data_ptr<float>(), rewards.const_data_ptr<float>() + rewards.numel());
  }
  return all;
}

void RewardModel::save_head(const std::filesystem::path& file) const {
  const nn::Parameter parameter = state_->head.parameter();
  const nn::Tensor value = parameter.value.detach().cpu().contiguous();
  const auto* bytes = static_cast<const std::byte*>(value.const_data_ptr());
  weights::write_safetensors(
      file, {{parameter.name,
              {value.sizes().vec(), weights::DType::kF32, {bytes, static_cast<std::size_t>(value.nbytes())}}}});
}

void RewardModel::load_head(const std::filesystem::path& file) {
  const weights::SafetensorsFiles files({file});
  const nn::Parameter parameter = state_->head.parameter();
  std::vector<float> values(static_cast<std::size_t>(parameter.value.numel()));
  const auto& stored = files.tensor(parameter.name);
  if (stored.shape != parameter.value.sizes().vec()) {
    fail_input(file.string(), "holds a read-out of another shape", "load it with the model that it was trained with");
  }
  files.read_f32(parameter.name, values);
  const at::NoGradGuard no_gradient;
  parameter.value.copy_(at::from_blob(values.data(), parameter.value.sizes(), at::kFloat));
}

struct RewardTrainer::State {
  RewardModel::State& model;
  Learner learner;
  int64_t steps = 0;  // done
};

RewardTrainer::RewardTrainer(RewardModel& model, const TrainingOptions& options)
    : state_(new State{*model.state_, Learner(model.state_->model, options, {model.state_->head.parameter()})}) {}
RewardTrainer::~RewardTrainer() = default;

RewardReport RewardTrainer::step(std::span<const text::RenderedRow* const> rows, const RewardLoss& loss,
                                 double learning_rate, std::size_t together, int64_t pass_tokens) {
  RewardReport report;
  std::size_t first_row = 0;
  for (const auto& pass : split_passes(rows, pass_tokens, together)) {
    const Batch batch = make_batch(pass, state_->model.model.device());
    const nn::Tensor rewards = state_->model.rewards(batch), read = rewards.detach().cpu();
    RewardTerm term = loss({read.const_data_ptr<float>(), pass.size()}, first_row);
    DORMOUSE_ASSERT(term.gradient.size() == pass.size());
    rewards.backward(at::from_blob(term.gradient.data(), rewards.sizes(), at::kFloat).to(rewards.device()));
    report.loss += term.loss;
    report.tokens += batch.row_tokens;
    first_row += pass.size();
  }
  report.gradient_norm = state_->learner.update(++state_->steps, learning_rate);
  return report;
}

int64_t RewardTrainer::steps() const { return state_->steps; }

void RewardTrainer::save_state(const std::filesystem::path& folder, const std::string& mark) const {
  state_->learner.save(folder, mark, state_->steps);
}

bool RewardTrainer::load_state(const std::filesystem::path& folder, const std::string& mark) {
  const auto step = state_->learner.load(folder, mark);
  state_->steps = step.value_or(state_->steps);
  return step.has_value();
}

}  // namespace dormouse::train
