#include "lab/execute/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/base/error.h"
#include "core/base/progress.h"
#include "engine/weights/model_folder.h"
#include "lab/execute/machine.h"

namespace dormouse::lab {

namespace {

PlanState state_of(const Node& node, const Store& store) {
  if (store.find(node.hash)) return PlanState::kStored;
  return store.has_work(node.hash) ? PlanState::kResume : PlanState::kToDo;
}

void estimate(const Rate& rate, PlanRow& row) {
  const Cost& cost = row.node->cost;
  const auto tokens = static_cast<double>(cost.tokens_trained + cost.tokens_sampled);
  row.measured = rate.stages > 0;
  row.seconds = cost.seconds;
  if (!row.measured) return;
  row.seconds = tokens > 0 && rate.tokens_per_second > 0 ? tokens / rate.tokens_per_second : rate.seconds;
}

// Shapes of models by their files: a model that a recipe trains has the shape of the one it starts from.
class Shapes {
 public:
  explicit Shapes(const Graph& graph) : graph_(graph) {}

  const weights::ModelConfig& of(const Node& node) {
    if (const auto file = node.files.find("model"); file != node.files.end()) {
      const auto [found, fresh] = known_.try_emplace(file->second.path);
      if (fresh) found->second = weights::ModelFiles::open(file->second.path.string()).config();
      return found->second;
    }
    return of(graph_.node(node.inputs.at("model")));
  }

 private:
  const Graph& graph_;
  std::map<fs::path, weights::ModelConfig> known_;
};

std::string gibibytes(int64_t bytes) { return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / (1 << 30)); }

}  // namespace

const char* state_name(PlanState state) {
  switch (state) {
    case PlanState::kStored:
      return "stored";
    case PlanState::kResume:
      return "will resume";
    case PlanState::kToDo:
      return "to do";
  }
  return "";
}

Plan make_plan(const Graph& graph, const Store& store, const Ledger& ledger, int threads, const std::string& gpu) {
  Plan plan;
  const std::string cpu = processor(gpu);
  Shapes shapes(graph);
  for (const Node& node : graph.nodes) {
    PlanRow row = {.node = &node, .state = state_of(node, store)};
    if (row.state == PlanState::kStored) {
      ++plan.stored;
    } else {
      estimate(ledger.rate(node.kind, node.cost.speed_class, cpu, threads), row);
      row.memory = find_node_kind(node.kind)->memory(node, [&] { return shapes.of(node); });
      ++plan.to_do;
      plan.tokens_trained += node.cost.tokens_trained;
      plan.tokens_sampled += node.cost.tokens_sampled;
      plan.seconds += row.seconds;
    }
    plan.rows.push_back(row);
  }
  return plan;
}

void check_memory(const Plan& plan, int64_t available, const std::string& file) {
  for (const PlanRow& row : plan.rows) {
    if (row.memory.bytes <= available) continue;
    std::string what = "take a smaller model, or a machine with more memory";
    for (const auto& [change, bytes] : row.memory.smaller) {
      if (bytes > available) continue;
      what = fmt::format("set {}, which needs about {}", change, gibibytes(bytes));
      break;
    }
    fail_input(file,
               fmt::format("{} needs about {} of memory, and this machine has {}", row.node->id, gibibytes(row.memory.bytes),
                           gibibytes(available)),
               what);
  }
}

std::string plan_table(const Plan& plan) {
  std::size_t stage = 5, kind = 4;
  for (const PlanRow& row : plan.rows) {
    stage = std::max(stage, row.node->id.size());
    kind = std::max(kind, row.node->kind.size());
  }
  const auto line = [&](auto&&... cells) {
    return fmt::format(fmt::runtime("{:<{}}  {:<{}}  {:<11}  {:>12}  {:>12}  {:>9}  {:>12}\n"), cells...);
  };
  std::string text = line("stage", stage, "kind", kind, "state", "train tokens", "samples", "memory", "time");
  for (const PlanRow& row : plan.rows) {
    const bool stored = row.state == PlanState::kStored;
    text +=
        line(row.node->id, stage, row.node->kind, kind, state_name(row.state), row.node->cost.tokens_trained,
             row.node->cost.tokens_sampled, row.memory.bytes > 0 ? gibibytes(row.memory.bytes) : "-",
             stored ? "-" : human_time(row.seconds));
  }
  return text + fmt::format("{} stored, {} to do: {} tokens to train, {} to sample, about {}\n", plan.stored,
                            plan.to_do, plan.tokens_trained, plan.tokens_sampled, human_time(plan.seconds));
}

std::string plan_json_lines(const Plan& plan) {
  std::string text;
  for (const PlanRow& row : plan.rows) {
    const Node& node = *row.node;
    const OrderedJson line = {{"stage", node.id},
                              {"kind", node.kind},
                              {"state", state_name(row.state)},
                              {"hash", node.hash},
                              {"seed", node.seed},
                              {"tokens_trained", node.cost.tokens_trained},
                              {"tokens_sampled", node.cost.tokens_sampled},
                              {"seconds", row.seconds},
                              {"memory_bytes", row.memory.bytes}};
    text += line.dump() + "\n";
  }
  return text;
}

}  // namespace dormouse::lab
