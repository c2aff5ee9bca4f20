// What a run would do: which nodes are in the store, which are to do, how long that should take, and in how much memory.
#pragma once

#include <string>
#include <vector>

#include "lab/recipe/graph.h"
#include "lab/recipe/kinds.h"
#include "lab/store/ledger.h"
#include "lab/store/store.h"

namespace dormouse::lab {

enum class PlanState { kStored, kResume, kToDo };
const char* state_name(PlanState state);  // "stored", "will resume", "to do"

struct PlanRow {
  const Node* node = nullptr;  // of the graph, which must outlive the plan
  PlanState state = PlanState::kToDo;
  double seconds = 0;     // expected; 0 when stored
  bool measured = false;  // `seconds` comes from rates of earlier runs on this machine
  MemoryNeed memory;      // at the peak; nothing when stored
};

struct Plan {
  std::vector<PlanRow> rows;  // in the order of execution
  int64_t stored = 0, to_do = 0;
  int64_t tokens_trained = 0, tokens_sampled = 0;  // of what is to do
  double seconds = 0;
};

/// Times are those of earlier runs with as many threads, on this processor or the GPU named.
Plan make_plan(const Graph& graph, const Store& store, const Ledger& ledger, int threads, const std::string& gpu = {});

/// Throws kInput, with what would fit, if a node needs more than `available` bytes. `file` is the recipe.
void check_memory(const Plan& plan, int64_t available, const std::string& file);

/// For people: one line a node, a last line with the sums.
std::string plan_table(const Plan& plan);
/// For programs: one JSON object a line,
/// {"stage","kind","state","hash","seed","tokens_trained","tokens_sampled","seconds","memory_bytes"}.
std::string plan_json_lines(const Plan& plan);

}  // namespace dormouse::lab
