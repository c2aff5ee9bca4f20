// What the products of a model cost, and what a GPU does at best: for utilisation (Chowdhery et al. 2022, appendix B).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/weights/model_config.h"

namespace dormouse::weights {

/// 6 FLOP for each weight of the layers' matrices and token, and for each weight of the output head and target token: a
/// multiplication and an addition forwards, twice that backwards. Attention's own products, norms and the optimizer do
/// not count, so long rows look worse than they are. The formula of bench/results.py.
double training_flop(const ModelConfig& config, int64_t tokens, int64_t targets);

/// 2 FLOP for each weight of the layers' matrices and token fed, and for each weight of the output head and token
/// sampled.
double sampling_flop(const ModelConfig& config, int64_t fed, int64_t sampled);

/// Published peak of dense bf16 products with fp32 sums, in FLOP/s, by the name that the driver gives; 0 if unknown.
double peak_bf16_flops(const std::string& gpu);

/// Names that peak_bf16_flops knows.
std::vector<std::string> known_gpus();

}  // namespace dormouse::weights
