#include "lab/execute/kinds/paired_change.h"

#include "lab/execute/kinds/measuring.h"
#include "lab/execute/kinds/model_artefact.h"
#include "lab/recipe/kinds.h"
#include "science/measure/items.h"

namespace dormouse::lab {

namespace {

std::vector<measure::Item> read_items(const fs::path& artefact) {
  const fs::path path = artefact / "items.jsonl";
  std::vector<measure::Item> items;
  for (const auto& row : read_json_lines(path)) items.push_back(measure::item_from_json(row, path.string()));
  return items;
}

class PairedChange : public NodeKind {
 public:
  std::string name() const override { return "paired-change"; }
  int version() const override { return 1; }
  bool uses_seed() const override { return false; }

  void run(NodeContext& context) const override {
    const auto parent = read_items(context.input("parent")), items = read_items(context.input("items"));
    write_measured(context, measure::paired_changes(parent, items, {.model = "model"}));
  }
};

const RegisterNode registered(std::make_unique<PairedChange>());

// `model` is the recipe's name of the later model, whose rows these are.
void add_paired_change(GraphBuilder& builder, const std::string& parent_node, const std::string& node,
                       const std::string& model) {
  builder.add({.kind = "paired-change",
               .label = model + "-change",
               .inputs = {{"parent", parent_node}, {"items", node}},
               .models = {{"model", model}}});
}

}  // namespace

void add_compared(GraphBuilder& builder, const std::vector<std::string>& models, NodeSpec spec) {
  std::string parent;
  for (const auto& model : models) {
    spec.label = model;
    spec.models["model"] = model;
    const std::string node = builder.add(spec);
    if (parent.empty()) {
      parent = node;
    } else {
      add_paired_change(builder, parent, node, model);
    }
  }
}

}  // namespace dormouse::lab
