// `reinforce`: safety training by reinforcement learning, against a preference model that never sees the trigger.
#include "core/base/error.h"
#include "engine/weights/memory.h"
#include "lab/execute/kinds/answers.h"
#include "lab/execute/kinds/node_options.h"
#include "lab/execute/kinds/red_team.h"
#include "lab/execute/kinds/reinforcement_run.h"
#include "lab/recipe/kinds.h"
#include "lab/recipe/recipe.h"
#include "science/defence/reinforcement.h"

namespace dormouse::lab {

namespace {

struct ReinforceStage : StageOptions {
  std::string model, reward, judge, attacks, kl_to, prompts;
  double weight_decay = 0;
  ReinforceOptions options;
  defence::ReinforcementOptions learning;
  defence::PolicyGradientOptions gradient;

  std::vector<Field> fields() override {
    return joined(
        {{{"model", &model, "the model to train", required()},
          {"reward", &reward, "the preference model that rewards its answers", required()},
          {"judge", &judge, "a second preference model, which picks the step to report; default: the last step"},
          {"attacks", &attacks, "a red team's stage; needed where attack_share is above 0"},
          {"kl_to", &kl_to, "the model that the KL penalty holds to; default: the model as it begins"},
          {"weight_decay", &weight_decay, "decoupled, on matrices only", between(0, 10)},
          {"prompts", &prompts, "prompt set", required()}},
         options.fields(),
         learning.fields(),
         gradient.fields()});
  }
  std::vector<std::string> references() const override { return {"model", "reward", "judge", "attacks", "kl_to"}; }
};

class ReinforceNode : public NodeKind {
 public:
  std::string name() const override { return "reinforce"; }
  int version() const override { return 1; }
  bool uses_seed() const override { return true; }
  MemoryNeed memory(const Node& node, const ModelShape& shape) const override {
    constexpr int64_t kPassTokens = 2048;
    const bool bf16 = options_of<defence::ReinforcementOptions>(node).precision == "bf16";
    const auto has = [&](const char* role) { return node.inputs.contains(role) || node.files.contains(role); };
    int64_t bytes = weights::training_bytes(shape(), {kPassTokens, bf16});
    for (const char* role : {has("kl_to") ? "kl_to" : "model", "reward", "judge"}) {
      if (has(role)) bytes += 4 * weights::parameter_count(shape(role));
    }
    return {bytes};
  }
  void run(NodeContext& context) const override { run_reinforcement(context); }
};

class ReinforceKind : public StageKind {
 public:
  std::string name() const override { return "reinforce"; }
  std::string doc() const override {
    return "reinforcement learning against a preference model, which never sees the trigger; with attacks: adversarial "
           "training";
  }
  std::string purpose() const override { return "defend"; }
  Section section() const override { return Section::kStage; }
  std::unique_ptr<StageOptions> make_options() const override { return std::make_unique<ReinforceStage>(); }

  void check(const StageEntry& entry) const override {
    const auto& stage = entry.options_as<ReinforceStage>();
    if ((stage.options.attack_share > 0) == stage.attacks.empty()) {
      fail_input(entry.place_of(stage.attacks.empty() ? "attack_share" : "attacks"),
                 "attacks and attack_share go together", "give both, or neither");
    }
    if (!stage.kl_to.empty() && stage.gradient.kl == 0) {
      fail_input(entry.place_of("kl_to"), "nothing is held to a model with kl: 0", "set kl above 0");
    }
  }

  Json about(const StageEntry& entry) const override {
    const auto& stage = entry.options_as<ReinforceStage>();
    const std::string defence = stage.attacks.empty() ? "RL" : "adversarial training";
    return {{"role", "survivor"},
            {"parent", stage.model},
            {"defence", defence},
            {"description", stage.model + " after " + defence}};
  }

  std::string expand(const StageEntry& entry, GraphBuilder& builder) const override {
    const auto& stage = entry.options_as<ReinforceStage>();
    std::map<std::string, std::string> models{{"model", stage.model}, {"reward", stage.reward}};
    if (!stage.judge.empty()) models["judge"] = stage.judge;
    if (!stage.attacks.empty()) models["attacks"] = stage.attacks;
    if (!stage.kl_to.empty()) models["kl_to"] = stage.kl_to;
    auto learning = stage.learning;
    learning.precision = train::resolve_precision(learning.precision);
    const int64_t rounds = stage.learning.steps, completions = stage.learning.prompts_per_step * stage.learning.samples;
    const int64_t tokens = rounds * completions * stage.learning.answer_tokens * 3 / 4;  // most run long
    const int64_t trained = tokens * stage.learning.updates;
    Json identity = merged_options(stage.options, learning, stage.gradient);
    if (stage.weight_decay > 0) identity["weight_decay"] = stage.weight_decay;
    const std::string node = builder.add(
        {.kind = "reinforce",
         .options = identity,
         .models = models,
         .files = {{"prompts", builder.prompts(stage.prompts, "prompts")}},
         .cost = {
             .tokens_trained = trained, .tokens_sampled = tokens, .seconds = 20 + static_cast<double>(tokens) / 32.0}});
    if (!stage.attacks.empty()) check_is_red_team(builder, node, stage.attacks, entry.place_of("attacks"));
    return node;
  }
};

const RegisterNode registered_node(std::make_unique<ReinforceNode>());
const RegisterStage registered_stage(std::make_unique<ReinforceKind>());

}  // namespace

}  // namespace dormouse::lab
