// What a recipe is made of, as plug-ins. A StageKind is what a user writes (`plant`, `persistence`); it
// expands into nodes. A NodeKind is one piece of work that the executor runs and the store keeps. Each
// registers itself by name from its own file; nothing else changes when one is added.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/config/fields.h"
#include "engine/weights/model_config.h"

namespace dormouse::lab {

class GraphBuilder;
class NodeContext;
struct Node;
struct StageEntry;

/// The keys of one stage. `fields()` is called again after its first answers were filled in, until the names
/// stop changing, so keys may depend on other keys (`with: safety-sft` brings the fields of that defence
/// along).
class StageOptions {
 public:
  virtual ~StageOptions() = default;
  virtual std::vector<Field> fields() = 0;
  /// Names of the text or list fields whose values name models or stages of the recipe. An empty value is no
  /// reference.
  virtual std::vector<std::string> references() const { return {}; }
};

enum class Section { kStage, kMeasure };  // below `stages:` or in the list `measure:`

class StageKind {
 public:
  virtual ~StageKind() = default;
  virtual std::string name() const = 0;
  virtual std::string doc() const = 0;
  virtual Section section() const = 0;
  virtual std::unique_ptr<StageOptions> make_options() const = 0;

  /// What it uses prompts and tasks for. One set serves one purpose in a recipe: training, defence and test never
  /// overlap.
  virtual std::string purpose() const { return section() == Section::kStage ? name() : "measure"; }

  /// Called once the keys are read: what no single field can check. Throw kInput with `entry.place_of(key)`.
  virtual void check(const StageEntry& /*entry*/) const {}

  /// What the report says about the model that a stage makes; it goes into the ledger with the run. Known
  /// keys, all of them text and none required: "role" (organism, survivor, twin), "parent" (the recipe's name
  /// of the model that it was trained from), "defence" and "description" (words for people), and "policy", a
  /// map with "trigger", "trigger_text", "behaviour", "verb_phrase" and "reasoning".
  virtual Json about(const StageEntry& /*entry*/) const { return Json::object(); }

  /// Adds the nodes of one entry for one seed (`builder.seed()`); returns the id of the node whose artefact
  /// the name of the stage stands for ("" for a measurement).
  virtual std::string expand(const StageEntry& entry, GraphBuilder& builder) const = 0;
};

/// Peak memory of a node, and changes to the recipe that would need less: "precision: bf16" with its bytes.
struct MemoryNeed {
  int64_t bytes = 0;
  std::vector<std::pair<std::string, int64_t>> smaller = {};
};
/// Shapes of a node's models, before anything is loaded.
class ModelShape {
 public:
  explicit ModelShape(std::function<weights::ModelConfig(const std::string& role)> of) : of_(std::move(of)) {}
  /// By its role among the node's inputs; "model" is the one that the node starts from.
  weights::ModelConfig operator()(const std::string& role = "model") const { return of_(role); }

 private:
  std::function<weights::ModelConfig(const std::string& role)> of_;
};

class NodeKind {
 public:
  virtual ~NodeKind() = default;
  virtual std::string name() const = 0;
  /// Raise it whenever the same inputs would give another result: the number is part of the hash.
  virtual int version() const = 0;
  /// False shares the result between seeds.
  virtual bool uses_seed() const = 0;
  /// What `run` needs at its peak; nothing worth a thought unless it loads a model.
  virtual MemoryNeed memory(const Node& /*node*/, const ModelShape& /*model*/) const { return {}; }
  /// Throws kInput if this machine lacks a program that `run` needs; asked before the first node of a run is made.
  virtual void check_machine() const {}
  /// Writes its files below `context.out`. May find there what a killed run left, and go on from it.
  virtual void run(NodeContext& context) const = 0;
};

/// Static objects in the kinds' own files. A name taken twice is a programmer's error.
struct RegisterStage {
  explicit RegisterStage(std::unique_ptr<StageKind> kind);
};
struct RegisterNode {
  explicit RegisterNode(std::unique_ptr<NodeKind> kind);
};

/// nullptr if there is none of this name.
const StageKind* find_stage_kind(Section section, const std::string& name);
const NodeKind* find_node_kind(const std::string& name);
/// Sorted by name.
std::vector<const StageKind*> stage_kinds(Section section);
std::vector<std::string> stage_kind_names(Section section);
std::vector<std::string> node_kind_names();

}  // namespace dormouse::lab
