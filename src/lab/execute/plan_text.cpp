// A plan as a table and as JSON lines.
#include <fmt/format.h>

#include <algorithm>

#include "core/base/progress.h"
#include "engine/weights/flops.h"
#include "lab/execute/plan.h"

namespace dormouse::lab {

namespace {

std::string hours(double value) {
  if (value <= 0) return "-";
  return value < 10 ? fmt::format("{:.2g}", value) : fmt::format("{:.0f}", value);
}

// Absent things, and what the figures rest on.
std::string heading(const Plan& plan) {
  std::string text;
  for (const Absent& absent : plan.absent) {
    text += fmt::format("not on this machine: {} ({}); next: {}\n", absent.name, absent.place, absent.next);
    if (!absent.refused.empty()) text += fmt::format("  and this version would not run it: {}\n", absent.refused);
  }
  if (!plan.absent.empty())
    text += "what is made from them has tentative hashes and no expected time; memory is that of a CPU\n";
  if (plan.gpu) {
    text += fmt::format(
        "GPU hours: of one {}, at {:.0f}% of its {:.4g} TFLOP/s (bf16, dense) in training and {:.0f}% in sampling; "
        "prompts, attention's own products and scoring are not counted\n",
        plan.gpu->gpu, 100 * plan.gpu->training, weights::peak_bf16_flops(plan.gpu->gpu) / 1e12,
        100 * plan.gpu->sampling);
  }
  return text;
}

std::string sums(const Plan& plan) {
  std::string text =
      fmt::format("{}: {} tokens to train, {} to sample", plan_counts(plan), plan.tokens_trained, plan.tokens_sampled);
  if (plan.absent.empty()) text += fmt::format(", about {}", human_time(plan.seconds));
  if (plan.gpu) text += fmt::format(", about {} GPU hours", hours(plan.gpu_hours));
  return text + "\n";
}

}  // namespace

std::string plan_counts(const Plan& plan) {
  const std::string text = fmt::format("{} stored, {} to do", plan.stored, plan.to_do);
  if (plan.dropped == 0) return text;
  return fmt::format("{} ({} of them with their results, only for weights or data that were dropped)", text,
                     plan.dropped);
}

std::string plan_table(const Plan& plan) {
  std::size_t stage = 5, kind = 4;
  for (const PlanRow& row : plan.rows) {
    stage = std::max(stage, row.node->id.size());
    kind = std::max(kind, row.node->kind.size());
  }
  const auto line = [&](auto&&... cells) {
    return fmt::format(fmt::runtime("{:<{}}  {:<{}}  {:<11}  {:>12}  {:>12}  {:>9}  {:>12}"), cells...);
  };
  const auto with_hours = [&](const std::string& text, const std::string& cell) {
    return plan.gpu ? fmt::format("{}  {:>9}\n", text, cell) : text + "\n";
  };
  std::string text = heading(plan);
  text +=
      with_hours(line("stage", stage, "kind", kind, "state", "train tokens", "samples", "memory", "time"), "GPU hours");
  for (const PlanRow& row : plan.rows) {
    const Node& node = *row.node;
    const bool timed = row.state != PlanState::kStored && !node.tentative;
    text += with_hours(
        line(node.id, stage, node.kind, kind, state_name(row.state), node.cost.tokens_trained, node.cost.tokens_sampled,
             row.memory.bytes > 0 ? gibibytes(row.memory.bytes) : "-", timed ? human_time(row.seconds) : "-"),
        hours(row.gpu_hours));
  }
  return text + sums(plan);
}

std::string plan_json_lines(const Plan& plan) {
  std::string text;
  for (const PlanRow& row : plan.rows) {
    const Node& node = *row.node;
    const OrderedJson line = {{"stage", node.id},
                              {"kind", node.kind},
                              {"state", state_name(row.state)},
                              {"hash", node.hash},
                              {"tentative", node.tentative},
                              {"seed", node.seed},
                              {"tokens_trained", node.cost.tokens_trained},
                              {"tokens_sampled", node.cost.tokens_sampled},
                              {"seconds", node.tentative ? OrderedJson() : OrderedJson(row.seconds)},
                              {"memory_bytes", row.memory.bytes},
                              {"gpu_hours", plan.gpu ? OrderedJson(row.gpu_hours) : OrderedJson()}};
    text += line.dump() + "\n";
  }
  if (!plan.gpu) return text;
  OrderedJson absent = OrderedJson::array();
  for (const Absent& one : plan.absent) absent.push_back(one.name);
  const OrderedJson last = {{"gpu", plan.gpu->gpu},
                            {"training_utilisation", plan.gpu->training},
                            {"sampling_utilisation", plan.gpu->sampling},
                            {"gpu_hours", plan.gpu_hours},
                            {"absent", absent}};
  return text + last.dump() + "\n";
}

}  // namespace dormouse::lab
