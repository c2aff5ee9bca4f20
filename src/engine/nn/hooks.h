// Named places of the forward pass, to read or to write. Under training the tensor is part of the graph, so a hook's
// change is differentiated through.
//
//   embedding                  [T, C]  after the token embedding
//   layers.N.attention         [T, C]  what attention adds to the residual stream
//   layers.N.mlp               [T, C]  what the MLP adds to it
//   layers.N.residual          [T, C]  the stream after layer N
//   final                      [T, C]  after the last norm
#pragma once

#include <functional>
#include <map>
#include <string>

#include "engine/nn/torch.h"

namespace dormouse::nn {

/// Gets the activation and returns what the model goes on with (the same tensor to leave it unchanged).
using Hook = std::function<at::Tensor(const at::Tensor&)>;
using Hooks = std::map<std::string, Hook>;

/// All names for a model of `layers` layers.
std::vector<std::string> hook_names(int64_t layers);

}  // namespace dormouse::nn
