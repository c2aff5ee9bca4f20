// What a run would do: which nodes are in the store, which are to do, how long that should take, and in how much
// memory.
#pragma once

#include <optional>
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
  double seconds = 0;     // expected on this machine; 0 when stored or tentative
  bool measured = false;  // `seconds` comes from rates of earlier runs on this machine
  MemoryNeed memory;      // at the peak; nothing when stored
  double gpu_hours = 0;   // see add_gpu_hours
};

/// What GPU hours rest on: shares of the GPU's bf16 peak. That of training is common for dense models (Chowdhery et al.
/// 2022: 46%; Llama 3, section 3.3.2: 38 to 43%); that of sampling in large batches is a guess. Neither was measured
/// here.
struct GpuAssumption {
  std::string gpu = "H100";  // a name that weights::peak_bf16_flops knows
  double training = 0.40;
  double sampling = 0.15;
};

struct Plan {
  std::vector<PlanRow> rows;  // in the order of execution
  int64_t stored = 0, to_do = 0;
  int64_t dropped = 0;  // of those to do: they have their results, and others need a file of theirs that was dropped
  int64_t tokens_trained = 0, tokens_sampled = 0;  // of what is to do
  double seconds = 0;
  std::vector<Absent> absent;
  std::optional<GpuAssumption> gpu;  // if hours were asked for
  double gpu_hours = 0;
};

/// Times are those of earlier runs with as many threads, on this processor or the GPU named.
Plan make_plan(const Graph& graph, const Store& store, const Ledger& ledger, int threads, const std::string& gpu = {});

/// Throws kInput, with what would fit, if a node needs more than `available` bytes. `file` is the recipe.
void check_memory(const Plan& plan, int64_t available, const std::string& file);

/// "1.5 GiB"
std::string gibibytes(int64_t bytes);

/// "12 stored, 5 to do (3 of them with their results, only for weights or data that were dropped)"
std::string plan_counts(const Plan& plan);

/// For people: what the plan rests on, one line a node, a last line with the sums.
std::string plan_table(const Plan& plan);
/// For programs: one JSON object a line,
/// {"stage","kind","state","hash","tentative","seed","tokens_trained","tokens_sampled","seconds","memory_bytes","gpu_hours"};
/// with GPU hours a last line {"gpu","training_utilisation","sampling_utilisation","gpu_hours","absent"}.
std::string plan_json_lines(const Plan& plan);

}  // namespace dormouse::lab
