// What a plan would take on a GPU that is not here, from its products alone.
#pragma once

#include "lab/execute/plan.h"

namespace dormouse::lab {

/// Hours of one such GPU; n of them share the work, less what they lose by talking. Counted: 6 FLOP a weight and token
/// trained on, 2 a weight and token sampled (weights/flops.h). Not counted: prompts that are only read, attention's own
/// products, scoring.
double gpu_hours(const Cost& cost, const weights::ModelConfig& model, const GpuAssumption& assumed);

/// Fills in the hours of what is to do. Throws kInput for a GPU whose peak is not known.
void add_gpu_hours(Plan& plan, const Graph& graph, const GpuAssumption& assumed);

}  // namespace dormouse::lab
