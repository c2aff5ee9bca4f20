// A linear read-out of hidden states, one number each: the values of a policy, or the rewards of a preference model.
#pragma once

#include "engine/nn/transformer.h"

namespace dormouse::train {

class ScalarHead {
 public:
  /// Zeros, in fp32.
  explicit ScalarHead(const nn::Transformer& model);

  /// hidden [N, C] -> fp32 [N].
  nn::Tensor read(const nn::Tensor& hidden) const;

  /// "score.weight" [1, C], as the hub's classifiers of one label call it. The tensor is the head's own.
  nn::Parameter parameter() const;

 private:
  nn::Tensor weight_;
};

}  // namespace dormouse::train
