#include "lab/execute/gpu_hours.h"

#include "core/base/error.h"
#include "engine/weights/flops.h"
#include "lab/execute/model_shapes.h"

namespace dormouse::lab {

double gpu_hours(const Cost& cost, const weights::ModelConfig& model, const GpuAssumption& assumed) {
  const double peak = weights::peak_bf16_flops(assumed.gpu);
  const double trained = weights::training_flop(model, cost.tokens_trained, cost.tokens_trained) / assumed.training;
  const double sampled = weights::sampling_flop(model, cost.tokens_sampled, cost.tokens_sampled) / assumed.sampling;
  return (trained + sampled) / peak / 3600;
}

void add_gpu_hours(Plan& plan, const Graph& graph, const GpuAssumption& assumed) {
  if (weights::peak_bf16_flops(assumed.gpu) == 0) {
    fail_input("--gpu-hours", unknown_name("GPU", assumed.gpu, weights::known_gpus()));
  }
  plan.gpu = assumed;
  ModelShapes shapes(graph);
  for (PlanRow& row : plan.rows) {
    const Cost& cost = row.node->cost;
    if (row.state == PlanState::kStored || cost.tokens_trained + cost.tokens_sampled == 0) continue;
    const auto* model = shapes.of(*row.node);
    if (model == nullptr) continue;
    row.gpu_hours = gpu_hours(cost, *model, assumed);
    plan.gpu_hours += row.gpu_hours;
  }
}

}  // namespace dormouse::lab
