#include "engine/train/scalar_head.h"

namespace dormouse::train {

ScalarHead::ScalarHead(const nn::Transformer& model)
    : weight_(at::zeros({1, model.config().hidden_size}, at::TensorOptions(at::kFloat).device(model.device()))) {}

nn::Tensor ScalarHead::read(const nn::Tensor& hidden) const {
  return at::linear(hidden.to(at::kFloat), weight_).squeeze(1);
}

nn::Parameter ScalarHead::parameter() const { return {"score.weight", weight_, {{"score.weight", 0, 1}}}; }

}  // namespace dormouse::train
