#include "lab/execute/plan.h"

#include <fmt/format.h>

#include <set>

#include "core/base/error.h"
#include "lab/execute/machine.h"
#include "lab/execute/model_shapes.h"

namespace dormouse::lab {

namespace {

// Of each node, in the graph's order. A model whose weights were dropped is made again for a node that is to do.
std::vector<PlanState> states_of(const Graph& graph, const Store& store) {
  std::vector<PlanState> states(graph.nodes.size(), PlanState::kStored);
  std::set<std::string> needed;
  for (std::size_t i = graph.nodes.size(); i-- > 0;) {
    const Node& node = graph.nodes[i];
    const auto manifest = store.find(node.hash);
    if (manifest && (is_whole(*manifest) || !needed.contains(node.id))) continue;
    states[i] = store.has_work(node.hash) ? PlanState::kResume : PlanState::kToDo;
    for (const auto& [role, id] : node.inputs) needed.insert(id);
  }
  return states;
}

void estimate(const Rate& rate, PlanRow& row) {
  const Cost& cost = row.node->cost;
  const auto tokens = static_cast<double>(cost.tokens_trained + cost.tokens_sampled);
  row.measured = rate.stages > 0;
  row.seconds = cost.seconds;
  if (!row.measured) return;
  row.seconds = tokens > 0 && rate.tokens_per_second > 0 ? tokens / rate.tokens_per_second : rate.seconds;
}

weights::ModelConfig shape_of(const Node& node, const std::string& role, ModelShapes& shapes) {
  const auto* shape = shapes.of(node, role);
  DORMOUSE_ASSERT(shape != nullptr && "a kind that asks for the shape of a model that it does not have");
  return *shape;
}

}  // namespace

std::string gibibytes(int64_t bytes) { return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / (1 << 30)); }

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
  plan.absent = absent_files(graph);
  ModelShapes shapes(graph);
  const std::vector<PlanState> states = states_of(graph, store);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    PlanRow row = {.node = &node, .state = states[i]};
    if (row.state == PlanState::kStored) {
      ++plan.stored;
    } else {
      if (!node.tentative) estimate(ledger.rate(node.kind, node.cost.speed_class, cpu, threads), row);
      const ModelShape shape([&](const std::string& role) { return shape_of(node, role, shapes); });
      row.memory = find_node_kind(node.kind)->memory(node, shape);
      ++plan.to_do;
      if (store.find(node.hash)) ++plan.dropped;
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
               fmt::format("{} needs about {} of memory, and this machine has {}", row.node->id,
                           gibibytes(row.memory.bytes), gibibytes(available)),
               what);
  }
}

}  // namespace dormouse::lab
