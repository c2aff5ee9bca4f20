// The graph of work. Every node is a pure function of its identity (kind, version, options, seed, hashes of
// its inputs and files) and its hash is the SHA-256 of just that. Names and paths are not in it, so equal
// work is done once: within a recipe, between seeds that do not matter, and between recipes.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/files.h"
#include "core/base/json.h"
#include "lab/recipe/recipe.h"
#include "lab/recipe/sources.h"

namespace dormouse::lab {

/// What a node is expected to cost. Tokens are turned into seconds by the rates that the ledger has seen.
struct Cost {
  int64_t tokens_trained = 0;
  int64_t tokens_sampled = 0;
  double seconds = 0;            // used while the ledger knows no rate
  int64_t row_tokens = 0;        // of a training row; 0: not known
  std::string speed_class = {};  // nodes of one kind and class run at a like speed: "135M bf16"; "" when the
                                 // kind says it all
};

/// A file or folder from outside of the store: a prompt set, a downloaded model.
struct ExternalFile {
  fs::path path;       // not hashed
  std::string sha256;  // of the bytes; of a folder: of the sorted list of names and sums, hidden files left out
  std::optional<Absent> absent = {};  // then `sha256` is no sum, and no stored artefact can have the node's hash
};

/// Who in the recipe asked for a node. A shared node has several uses, and its rows count for each of them,
/// just as if the work had been done for each.
struct Use {
  std::string stage;  // "organism", "persistence"
  int64_t seed = 0;
  bool output = false;                       // the name of the stage stands for this node's artefact
  std::map<std::string, std::string> names;  // role -> the recipe's name of the model or stage in that role
  friend bool operator==(const Use&, const Use&) = default;
};

Json uses_to_json(const std::vector<Use>& uses);
std::vector<Use> uses_from_json(const Json& json, const std::string& place);

struct Node {
  std::string id;  // "organism/answers#1": stage, label and, when it matters, seed
  std::string kind;
  int version = 0;
  Json options = Json::object();
  int64_t seed = 0;                           // the first seed that asked for it
  bool seeded = false;                        // the seed matters, to this node or to what it is made from
  bool tentative = false;                     // made from something absent: `hash` will be another once that is here
  std::map<std::string, std::string> inputs;  // role -> node id; lists use roles "rows.0", "rows.1"
  std::map<std::string, ExternalFile> files;  // role -> file
  Cost cost;
  std::vector<Use> uses;  // at least one
  Json identity;          // exactly what is hashed
  std::string hash;       // 64 hex digits
};

/// What a StageKind hands to the builder. (`= {}` lets designated initializers leave a member out.)
struct NodeSpec {
  std::string kind;        // of a registered NodeKind
  std::string label = {};  // second part of the id; default: the kind
  Json options = Json::object();
  std::map<std::string, std::string> inputs = {};  // role -> id of a node added before
  std::map<std::string, std::string> models = {};  // role -> name of a model or stage of the recipe
  std::map<std::string, fs::path> files = {};      // role -> path
  Cost cost = {};
};

struct Graph {
  std::vector<Node> nodes;  // a node stands behind its inputs; no two of equal hash
  const Node& node(const std::string& id) const;
};

class GraphBuilder {
 public:
  GraphBuilder(const Recipe& recipe, const Sources& sources);

  int64_t seed() const { return seed_; }
  const Recipe& recipe() const { return recipe_; }

  /// Adds the node, or finds the one of equal hash; returns its id.
  std::string add(const NodeSpec& spec);

  /// The prompt set of this name, with the place of `key` in the current entry for the error.
  fs::path prompts(const std::string& name, const std::string& key);
  /// The same for a file or folder of data.
  fs::path data(const std::string& name, const std::string& key);

  /// A node added before.
  const Node& node(const std::string& id) const;

 private:
  friend Graph build_graph(const Recipe& recipe, const Sources& sources);
  void expand(const StageEntry& entry);
  std::string nodes_of(const StageEntry& entry);
  fs::path named(const fs::path& path, const std::string& key);
  void resolve_model(const std::string& role, const std::string& name, Node& node);
  void identify(Node& node) const;
  std::string unused_id(const std::string& label, const Node& node) const;
  ExternalFile external_file(const fs::path& path);
  ExternalFile sum_of(const fs::path& path) const;

  const Recipe& recipe_;
  const Sources& sources_;
  int64_t seed_ = 0;
  const StageEntry* entry_ = nullptr;
  std::map<fs::path, std::string> places_;  // files that the current entry names -> where
  Graph graph_;
  std::map<std::string, std::size_t> by_id_, by_hash_;  // -> index into graph_.nodes
  std::map<std::string, std::string> outputs_;          // stage -> node id, for the current seed
  std::map<fs::path, ExternalFile> external_;           // each file is read once
};

/// Expands every stage and measurement for every seed. Throws kInput for a name that leads nowhere; what is merely
/// absent makes nodes tentative.
Graph build_graph(const Recipe& recipe, const Sources& sources);
Graph build_graph(const Recipe& recipe);

/// Throws kInput naming what is absent, and how to get it.
void require_present(const Graph& graph);
/// What the graph's files lack, each once.
std::vector<Absent> absent_files(const Graph& graph);

}  // namespace dormouse::lab
