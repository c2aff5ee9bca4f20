// Executes a graph on this machine: what is not in the store is made, in order, and the ledger is told.
#pragma once

#include <string>
#include <vector>

#include "lab/execute/plan.h"
#include "lab/recipe/graph.h"
#include "lab/store/ledger.h"
#include "lab/store/store.h"

namespace dormouse::lab {

/// Hears what happens. The default of each says nothing.
class Reporter {
 public:
  virtual ~Reporter() = default;
  virtual void planned(const Plan& /*plan*/) {}
  /// `position` counts from 1 to `total` over the nodes to do.
  virtual void started(const Node& /*node*/, int64_t /*position*/, int64_t /*total*/, bool /*resumed*/) {}
  virtual void finished(const Node& /*node*/, const Manifest& /*manifest*/) {}
  /// Another process made one of the nodes to do.
  virtual void shared(const Node& /*node*/, int64_t /*position*/, int64_t /*total*/) {}
  /// One of the nodes to do has its results; files of it were dropped, and it is made again once another needs them.
  virtual void has_results(const Node& /*node*/) {}
  virtual void failed(const Node& /*node*/, const std::string& /*message*/) {}
};

/// Plain lines through the log.
class LogReporter : public Reporter {
 public:
  void planned(const Plan& plan) override;
  void started(const Node& node, int64_t position, int64_t total, bool resumed) override;
  void finished(const Node& node, const Manifest& manifest) override;
  void shared(const Node& node, int64_t position, int64_t total) override;
  void has_results(const Node& node) override;
  void failed(const Node& node, const std::string& message) override;
};

struct ExecuteOptions {
  int threads = 1;          // recorded; the caller has set up the thread pools
  std::string gpu;          // recorded: its name when the run computes on one
  bool keep_going = false;  // after a failure, do what does not depend on it
  /// Models leave the store as soon as all that this run makes from them is there (Store::drop_weights). Nothing guards
  /// them against that while another process reads them.
  bool drop_weights = false;
  bool stored_only = false;  // make nothing: the run is what the store has of it
  std::string torch_version;
  std::vector<std::string> argv;
};

/// Returns the id of the run. On an error the run is marked failed or interrupted, everything finished stays
/// in the store, and the same call goes on from there. With keep_going the first error is thrown at the end.
std::string run_graph(const Recipe& recipe, const Graph& graph, Store& store, Ledger& ledger,
                      const ExecuteOptions& options, Reporter& reporter);

}  // namespace dormouse::lab
