// AdamW (Loshchilov and Hutter 2019) with fp32 state; weights kept in bf16 have an fp32 master. On a CPU one pass over
// the memory, on other devices operations over lists of tensors.
#pragma once

#include <vector>

#include "engine/nn/transformer.h"
#include "engine/train/options.h"

namespace dormouse::train {

class AdamW {
 public:
  /// The parameters must require gradients. Vectors (norms) get no weight decay.
  AdamW(std::vector<nn::Parameter> parameters, const TrainingOptions& options, const nn::Kernels& kernels);

  /// Norm of the whole gradient in fp64. Throws kWork if it is not finite.
  double gradient_norm() const;

  /// One update with gradients scaled by `gradient_scale`; clears the gradients. `step` counts from 1.
  void update(int64_t step, double learning_rate, double gradient_scale);

  /// fp32 tensors that make up the state, with names: master weights, means, squares.
  struct Named {
    std::string name;
    nn::Tensor tensor;
  };
  std::vector<Named> state() const;
  /// After `state()`'s tensors were overwritten: copies the masters back into the weights.
  void restore_weights();

  const std::vector<nn::Parameter>& parameters() const { return parameters_; }
  /// "cpu", "cuda"
  std::string device() const;

 private:
  struct Slot {
    nn::Tensor master, mean, square;
    double decay;
  };
  std::vector<nn::Parameter> parameters_;
  std::vector<Slot> slots_;
  TrainingOptions options_;
  bool own_kernels_;
};

}  // namespace dormouse::train
