#include "lab/execute/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <map>
#include <new>
#include <set>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/base/progress.h"
#include "core/base/version.h"
#include "lab/execute/artefacts.h"
#include "lab/execute/machine.h"
#include "lab/execute/node_context.h"

namespace dormouse::lab {

namespace {

// Whatever a node throws, as the program's own error under the node's name.
[[noreturn]] void rethrow_for(const Node& node) {
  try {
    throw;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kInterrupted) throw;
    throw Error(error.kind(), fmt::format("{}: {}", node.id, error.what()));
  } catch (const std::bad_alloc&) {
    fail_work(node.id, "out of memory", "lower the batch size, or use a smaller model");
  } catch (const std::exception& error) {
    fail_work(node.id, error.what());
  }
}

StageRow stage_row(const Node& node, const std::string& status) {
  return {.node = node.id,
          .hash = node.hash,
          .kind = node.kind,
          .speed_class = node.cost.speed_class,
          .seed = node.seed,
          .status = status,
          .uses = uses_to_json(node.uses)};
}

StageRow stage_row(const Node& node, const std::string& status, const Manifest& manifest) {
  StageRow row = stage_row(node, status);
  row.seconds = manifest.seconds;
  row.resumed = manifest.resumed;
  row.counters = manifest.counters;
  return row;
}

class Runner {
 public:
  Runner(const Graph& graph, const Plan& plan, Store& store, Ledger& ledger, const ExecuteOptions& options,
         Reporter& reporter, std::string run)
      : graph_(graph),
        plan_(plan),
        store_(store),
        ledger_(ledger),
        options_(options),
        reporter_(reporter),
        run_(std::move(run)) {}

  void execute() {
    total_ = plan_.to_do;
    for (const PlanRow& row : plan_.rows) {
      if (row.state != PlanState::kStored) to_do_.insert(row.node->id);
    }
    for (const Node& node : graph_.nodes) {
      for (const auto& [role, id] : node.inputs) ++readers_[id];
    }
    reporter_.planned(plan_);
    std::vector<StageRow> rows;
    for (const Node& node : graph_.nodes) rows.push_back(stage_row(node, "planned"));
    ledger_.put_stages(run_, rows);
    for (const Node& node : graph_.nodes) {
      if (!options_.stored_only || store_.find(node.hash)) pending_.push_back(&node);
    }
    while (!pending_.empty()) {
      check_interrupt();
      Turn turn = next_turn();
      std::erase(pending_, turn.node);
      if (depends_on_failed(*turn.node)) {
        failed_.insert(turn.node->id);
        ledger_.put_stage(run_, stage_row(*turn.node, "skipped"));
      } else {
        attempt(std::move(turn));
      }
    }
    if (first_error_) std::rethrow_exception(first_error_);
  }

 private:
  /// A node to see to now, with its lock.
  struct Turn {
    const Node* node;
    StoreLock held;
  };

  /// The first pending node that waits for no other and that no other process works on: processes that run the same
  /// recipe, or recipes with stages in common, share them out. Where others work on all of these, the first of them
  /// once it is done.
  Turn next_turn() const {
    const Node* first = nullptr;
    for (const Node* node : pending_) {
      if (waits_for_another(*node)) continue;
      if (auto held = store_.try_lock(node->hash)) return {node, std::move(*held)};
      if (first == nullptr) first = node;
    }
    DORMOUSE_ASSERT(first != nullptr);  // the graph has no circle
    return {first, store_.lock(first->hash)};
  }

  bool waits_for_another(const Node& node) const {
    return std::any_of(node.inputs.begin(), node.inputs.end(), [&](const auto& input) {
      return std::any_of(pending_.begin(), pending_.end(), [&](const Node* one) { return one->id == input.second; });
    });
  }

  bool depends_on_failed(const Node& node) const {
    return std::any_of(node.inputs.begin(), node.inputs.end(),
                       [&](const auto& input) { return failed_.contains(input.second); });
  }

  void attempt(Turn turn) {
    const Node& node = *turn.node;
    try {
      provide(node, std::move(turn.held));
      if (options_.drop_weights) drop_what_is_read(node);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kInterrupted) throw;
      failed_.insert(node.id);
      reporter_.failed(node, error.what());
      record_failure(node, error.what());
      if (!options_.keep_going) throw;
      if (!first_error_) first_error_ = std::current_exception();
    }
  }

  // On a full disk the ledger may refuse as well; the user needs to hear of the first cause only.
  void record_failure(const Node& node, const std::string& message) {
    try {
      ledger_.put_stage(run_, stage_row(node, "failed"));
      ledger_.add_event(run_, "error", message);
    } catch (const Error& error) {
      log_debug("run", error.what());
    }
  }

  // From the store, or made now.
  void provide(const Node& node, const StoreLock /*held*/) {
    auto manifest = store_.verified(node.hash);
    if (manifest) {
      ledger_.put_stage(run_, stage_row(node, "stored", *manifest));
      if (to_do_.contains(node.id)) report_found(node, is_whole(*manifest));
    } else {
      make(node);
    }
    ledger_.add_measurements(run_, node.id, named_measurements(node.uses, store_.object(node.hash)));
  }

  // Though it was to do by the plan.
  void report_found(const Node& node, bool whole) {
    if (whole) {
      reporter_.shared(node, ++position_, total_);
    } else {
      reporter_.has_results(node);
    }
  }

  // The node is done: it needs its inputs no more, and nobody may need the node itself.
  void drop_what_is_read(const Node& node) {
    if (readers_[node.id] == 0) drop(node);
    for (const auto& [role, id] : node.inputs) {
      if (--readers_[id] == 0) drop(graph_.node(id));
    }
  }

  void drop(const Node& node) {
    const StoreLock held = store_.lock(node.hash);
    store_.drop_weights(node.hash);
  }

  void make_dropped_inputs(const Node& node) {
    for (const auto& [role, id] : node.inputs) {
      const Node& input = graph_.node(id);
      const StoreLock held = store_.lock(input.hash);
      const auto manifest = store_.verified(input.hash);
      if (!manifest || !is_whole(*manifest)) make(input);
    }
  }

  void make(const Node& node) {
    make_dropped_inputs(node);
    const bool resumed = store_.has_work(node.hash);
    StageRow row = stage_row(node, "running");
    row.started = unix_now();
    row.resumed = resumed;
    ledger_.put_stage(run_, row);
    total_ = std::max(total_, ++position_);  // damaged objects are found only now
    reporter_.started(node, position_, total_, resumed);
    const auto before = store_.find(node.hash);
    Manifest manifest = run_node(node, resumed);
    if (before) warn_if_other_bytes(node, *before, manifest);
    row.status = "done";
    row.seconds = manifest.seconds;
    row.counters = manifest.counters;
    ledger_.put_stage(run_, row);
    reporter_.finished(node, manifest);
  }

  // What was dropped is made again to the same bytes by the same program on a processor of the same kind. Elsewhere the
  // results that stand beside it may be of other bytes.
  void warn_if_other_bytes(const Node& node, const Manifest& before, const Manifest& after) {
    for (const auto& [name, file] : before.files) {
      const auto again = after.files.find(name);
      if (again != after.files.end() && again->second.sha256 == file.sha256) continue;
      const std::string message =
          fmt::format("{}: {} was made again with other bytes than those that stored results are of", node.id, name);
      log_warning("run", message);
      ledger_.add_event(run_, "warning", message);
      return;
    }
  }

  Manifest run_node(const Node& node, bool resumed) {
    const auto start = std::chrono::steady_clock::now();
    try {
      NodeContext context(node, graph_, store_, store_.begin(node.hash), options_.threads);
      find_node_kind(node.kind)->run(context);
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
      Manifest manifest = {.identity = node.identity,
                           .program_version = program_version(),
                           .torch_version = options_.torch_version,
                           .threads = options_.threads,
                           .cpu = cpu_model(),
                           .revision = revision_,
                           .gpu = options_.gpu,
                           .seconds = seconds.count(),
                           .resumed = resumed,
                           .counters = context.counters,
                           .files = {}};
      store_.commit(node.hash, manifest);
      return manifest;
    } catch (...) {
      rethrow_for(node);
    }
  }

  const Graph& graph_;
  const Plan& plan_;
  Store& store_;
  Ledger& ledger_;
  const ExecuteOptions& options_;
  Reporter& reporter_;
  const std::string run_;
  const std::string revision_ = git_revision();
  std::vector<const Node*> pending_;  // in the graph's order
  int64_t position_ = 0, total_ = 0;
  std::map<std::string, int64_t> readers_;  // node -> how many nodes that read it are not done yet
  std::set<std::string> to_do_, failed_;    // by the plan; so far
  std::exception_ptr first_error_;
};

RunRow describe_run(const Recipe& recipe, const ExecuteOptions& options) {
  RunRow row;
  row.recipe = recipe.name;
  row.recipe_file = recipe.file;
  row.resolved_yaml = resolved_yaml(recipe);
  row.facts = recipe_facts(recipe);
  row.cpu = processor(options.gpu);
  row.os = system_name();
  row.cores = cpu_cores();
  row.memory_bytes = memory_bytes();
  row.threads = options.threads;
  row.version = program_version();
  row.torch_version = options.torch_version;
  row.revision = git_revision();
  row.argv = options.argv;
  return row;
}

// Before the first node is made.
void check_machine(const Graph& graph, const Plan& plan, const Recipe& recipe, const ExecuteOptions& options) {
  require_present(graph);
  if (options.gpu.empty()) check_memory(plan, memory_bytes(), recipe.file);  // what is predicted is a CPU's need
  for (const PlanRow& row : plan.rows) {
    if (row.state != PlanState::kStored) find_node_kind(row.node->kind)->check_machine();
  }
}

void finish_quietly(Ledger& ledger, const std::string& run, const std::string& status) {
  try {
    ledger.finish_run(run, status);
  } catch (const Error& error) {
    log_debug("run", error.what());
  }
}

}  // namespace

void LogReporter::planned(const Plan& plan) {
  log_info("plan", plan.to_do == 0 ? fmt::format("all {} stages are stored", plan.stored)
                                   : fmt::format("{}; about {}", plan_counts(plan), human_time(plan.seconds)));
}

void LogReporter::started(const Node& node, int64_t position, int64_t total, bool resumed) {
  log_info("run", fmt::format("{}/{} {}{}", position, total, node.id, resumed ? ", resumed" : ""));
}

void LogReporter::finished(const Node& node, const Manifest& manifest) {
  log_info("run", fmt::format("{} done in {}", node.id, human_time(manifest.seconds)));
}

void LogReporter::shared(const Node& node, int64_t position, int64_t total) {
  log_info("run", fmt::format("{}/{} {} was made by another process", position, total, node.id));
}

void LogReporter::has_results(const Node& node) {
  log_info("run", fmt::format("{}: results stored, weights or data dropped", node.id));
}

void LogReporter::failed(const Node& node, const std::string& /*message*/) {
  log_warning("run", fmt::format("{} failed", node.id));
}

std::string run_graph(const Recipe& recipe, const Graph& graph, Store& store, Ledger& ledger,
                      const ExecuteOptions& options, Reporter& reporter) {
  const Plan plan = make_plan(graph, store, ledger, options.threads, options.gpu);
  if (!options.stored_only) check_machine(graph, plan, recipe, options);
  const std::string run = ledger.start_run(describe_run(recipe, options));
  try {
    Runner(graph, plan, store, ledger, options, reporter, run).execute();
    ledger.finish_run(run, options.stored_only && plan.to_do > 0 ? "partial" : "done");
  } catch (const Error& error) {
    const bool interrupted = error.kind() == ErrorKind::kInterrupted;
    finish_quietly(ledger, run, interrupted ? "interrupted" : "failed");
    if (interrupted) throw Error(error.kind(), "interrupted; run the same command again to go on");
    throw;
  }
  return run;
}

}  // namespace dormouse::lab
