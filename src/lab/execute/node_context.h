// What a NodeKind sees while it runs: its options and seed, the artefacts it reads, the folder it writes.
//
// Files with these names in `out` have a meaning to the ledger and the report; all other names are the kind's
// own:
//   measurements.jsonl  rows of measure::Measurement
//   transcripts.jsonl   rows of measure::Transcript
//   account.json        a data set's account: {"title", "rows"}, see DataAccount in the report
//   curve.jsonl         points of a training curve: {"step", "tokens", "train_loss", "validation_loss", ...}
// In the rows `model` is the role of the model in this node ("" means "model", "self" what the stage makes) and
// `stage` a role or "", since an artefact is shared by recipes that use other names; `seed` is ignored. The ledger
// writes the recipe's names and seed.
#pragma once

#include <string>
#include <vector>

#include "core/base/files.h"
#include "core/base/progress.h"
#include "lab/recipe/graph.h"
#include "lab/store/store.h"

namespace dormouse::lab {

class NodeContext {
 public:
  NodeContext(const Node& the_node, const Graph& graph, const Store& store, const fs::path& work, int thread_count);

  const Node& node;
  const int threads;
  const fs::path out;      // becomes the artefact; kept after a kill
  const fs::path scratch;  // for checkpoints to resume from; kept after a kill, thrown away when the node is done
  Json counters = Json::object();  // "tokens_trained", "tokens_sampled" feed the estimates

  /// The artefact's folder or the external file in this role. Asserts that there is one.
  fs::path input(const std::string& role) const;
  bool has_input(const std::string& role) const;
  /// Of roles "prefix.0", "prefix.1", ... in order.
  std::vector<fs::path> inputs(const std::string& prefix) const;

  /// A progress line under the node's id.
  Progress progress(int64_t total) const { return Progress(node.id, total); }

 private:
  std::map<std::string, fs::path> paths_;
};

}  // namespace dormouse::lab
