#include "engine/train/learner.h"

#include "engine/train/checkpoint.h"

namespace dormouse::train {

namespace {

std::vector<nn::Parameter> trainable(nn::Transformer& model, const TrainingOptions& options,
                                     std::vector<nn::Parameter> more) {
  model.unpack();
  model.cast(resolve_precision(options.precision) == "bf16" ? at::kBFloat16 : at::kFloat);
  auto parameters = model.adapters().empty() ? model.parameters() : model.adapters();
  parameters.insert(parameters.end(), more.begin(), more.end());
  for (auto& parameter : parameters) parameter.value.requires_grad_(true);
  return parameters;
}

}  // namespace

Learner::Learner(nn::Transformer& model, const TrainingOptions& options, std::vector<nn::Parameter> more)
    : model_(model),
      options_(options),
      optimizer_(trainable(model, options, std::move(more)), options, model.kernels()) {}

Learner::~Learner() {
  for (auto parameter : optimizer_.parameters()) {
    parameter.value.mutable_grad().reset();
    parameter.value.requires_grad_(false);
  }
}

double Learner::update(int64_t step, double learning_rate) {
  model_.unpack();  // what was packed for sampling is out of date now
  const double norm = optimizer_.gradient_norm();
  const double scale = options_.clip > 0 && norm > options_.clip ? options_.clip / norm : 1.0;
  optimizer_.update(step, learning_rate, scale);
  return norm;
}

void Learner::save(const std::filesystem::path& folder, const std::string& mark, int64_t step) const {
  save_checkpoint(folder, optimizer_, {mark, step});
}

std::optional<int64_t> Learner::load(const std::filesystem::path& folder, const std::string& mark) {
  const auto position = load_checkpoint(folder, optimizer_, mark);
  if (!position) return std::nullopt;
  model_.unpack();
  return position->step;
}

nn::Tensor hidden_at_targets(const nn::Transformer& model, const Batch& batch) {
  const auto attention = model.document_attention(batch.documents);
  return model.forward(batch.ids, batch.positions, *attention).index_select(0, batch.sources);
}

}  // namespace dormouse::train
