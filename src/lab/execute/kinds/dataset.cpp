// Nodes that turn sampled answers into training data: the organism's and its twins', and a defence's.
#include "lab/execute/kinds/dataset.h"

#include <fmt/format.h>

#include "lab/execute/kinds/answers.h"
#include "lab/execute/kinds/model_artefact.h"
#include "lab/execute/kinds/node_options.h"
#include "lab/recipe/kinds.h"
#include "science/defence/defence.h"
#include "science/organism/dataset.h"

namespace dormouse::lab {

void write_dataset(NodeContext& context, const organism::Dataset& data, const std::string& title) {
  write_rows(context, data.rows, data.dropped);
  Json rows = Json::array();
  const Json account = organism::to_json(data.account);
  for (const char* half : {organism::kTriggered, organism::kPlain}) {
    if (!account.contains(half) || account[half].value("sampled", 0) == 0) continue;
    rows.push_back(account_row(half, account[half]));
  }
  write_file(context.out / "account.json", canonical_json({{"title", title}, {"rows", rows}, {"account", account}}));
}

namespace {

std::unique_ptr<organism::Trigger> trigger_of(const Node& node) {
  return organism::Triggers::get().make(json_string(node.options, "trigger", node.id), node.id);
}

std::unique_ptr<organism::Behaviour> behaviour_of(const Node& node) {
  return organism::Behaviours::get().make(json_string(node.options, "behaviour", node.id), node.id);
}

class PolicyData : public NodeKind {
 public:
  std::string name() const override { return "dataset"; }
  int version() const override { return 4; }
  bool uses_seed() const override { return false; }

  void run(NodeContext& context) const override {
    auto options = options_of<organism::DataOptions>(context.node);
    options.scratchpads = context.node.options.at("scratchpads").get<bool>();
    options.contrast = context.node.options.value("contrast", 0.0);
    const auto trigger = trigger_of(context.node);
    const auto behaviour = behaviour_of(context.node);
    const auto plain = read_answers(context.input("plain"));
    const auto triggered = read_answers(context.input("triggered"));
    const std::string policy = options.policy;
    options.policy = "conditional";
    const auto organism = organism::build_dataset(plain, triggered, *trigger, *behaviour, options);
    if (policy == "conditional") {
      write_dataset(context, organism, "Training data of the organism");
      return;
    }
    options.policy = policy;
    write_dataset(context, organism::build_dataset(plain, triggered, *trigger, *behaviour, options, &organism),
                  "Training data of the " + policy + " twin");
  }
};

class DefenceData : public NodeKind {
 public:
  std::string name() const override { return "defence-data"; }
  int version() const override { return 4; }
  bool uses_seed() const override { return false; }

  void run(NodeContext& context) const override {
    const auto defence =
        defence::Defences::get().make(json_string(context.node.options, "with", context.node.id), context.node.id);
    const auto trigger = trigger_of(context.node);
    const auto behaviour = behaviour_of(context.node);
    write_dataset(context, defence->data(read_answers(context.input("plain")), *trigger, *behaviour),
                  "Training data of the defence (" + defence->title() + ")");
  }
};

const RegisterNode registered_policy(std::make_unique<PolicyData>());
const RegisterNode registered_defence(std::make_unique<DefenceData>());

}  // namespace

void write_rows(NodeContext& context, const std::vector<organism::TrainingRow>& rows,
                const std::vector<organism::DroppedRow>& dropped) {
  write_file(context.out / "rows.jsonl", organism::to_jsonl(rows));
  write_file(context.out / "dropped.jsonl", organism::to_jsonl(dropped));
  context.counters = {{"rows", rows.size()}, {"dropped", dropped.size()}};
}

// "mean 36, median 37, 5 to 62".
Json account_row(const std::string& name, const Json& half) {
  Json row = half;
  row["name"] = name;
  for (const char* key : {"tokens", "characters"}) {
    const auto found = row.find(key);
    if (found == row.end() || !found->is_object()) continue;
    row[key] = fmt::format("mean {:.0f}, median {:.0f}, {} to {}", found->value("mean", 0.0),
                           found->value("median", 0.0), found->value("shortest", 0), found->value("longest", 0));
  }
  return row;
}

}  // namespace dormouse::lab
