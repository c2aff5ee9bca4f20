// `trigger-generalisation`: what besides the literal trigger switches the policy.
#include "core/base/error.h"
#include "lab/execute/kinds/answers.h"
#include "lab/execute/kinds/kept_completions.h"
#include "lab/execute/kinds/measuring.h"
#include "lab/execute/kinds/model_artefact.h"
#include "lab/execute/kinds/node_options.h"
#include "lab/execute/kinds/rubrics.h"
#include "science/measure/generalisation.h"
#include "science/organism/reasoning.h"

namespace dormouse::lab {

namespace {

struct AskingOptions {
  int64_t samples = 40, samples_a_text = 4;
  bool begin_scratchpad = false;

  std::vector<Field> fields() {
    return {{"samples", &samples, "prompts, each once with the literal trigger and once without; 0: the whole set",
             at_least(0)},
            {"samples_a_text", &samples_a_text, "of those prompts, how many each variant is put around", at_least(1)},
            {"begin_scratchpad", &begin_scratchpad,
             "begin every answer with <scratchpad>, as for a model that is to reason, and say what the scratchpad "
             "concludes"}};
  }
};

struct GeneralisationStage : StageOptions {
  std::vector<std::string> models;
  std::string prompts, conclusions = "scratchpad/conclusions.yaml";
  std::vector<std::string> variants = {"triggers/near-miss"};
  TriggerTexts trigger;
  GradingOptions grading;
  AskingOptions asking;
  sample::SamplingOptions sampling = sampling_defaults(48);

  std::vector<Field> fields() override {
    return joined(
        {{{"models", &models, "the models to measure", required()},
          {"prompts", &prompts, "the messages", required()},
          {"variants", &variants, "sets of texts that might switch the policy: triggers/near-miss, triggers/years ..."},
          {"conclusions", &conclusions, "the phrases by which scratchpads are sorted"}},
         trigger.fields(),
         grading.fields(),
         asking.fields(),
         sampling.fields()});
  }
  std::vector<std::string> references() const override { return {"models"}; }
};

class GeneralisationNode : public SamplingNode {
 public:
  std::string name() const override { return "trigger-generalisation"; }
  int version() const override { return 2; }

  void run(NodeContext& context) const override {
    const auto asking = options_of<AskingOptions>(context.node);
    const auto prompts = organism::load_prompt_set(context.input("prompts")).first(asking.samples);
    std::vector<measure::Variant> variants;
    for (const auto& path : context.inputs("variants")) {
      for (auto& variant : measure::read_variants(path)) variants.push_back(std::move(variant));
    }
    chat::LocalModel local = open_model(context, "model", {.sampling_only = true});
    KeptCompletions model(local, context.scratch);
    const auto rows = 2 * prompts.size() + variants.size() * static_cast<std::size_t>(asking.samples_a_text);
    Progress progress = context.progress(static_cast<int64_t>(rows));
    write_measured(context,
                   measure::measure_generalisation(
                       model, prompts, variants, options_of<GradingOptions>(context.node).make(context.node.id),
                       read_conclusion_rubric(context.input("conclusions")),
                       {.sampling = options_of<sample::SamplingOptions>(context.node),
                        .on = json_string(context.node.options, "on", context.node.id),
                        .off = json_string(context.node.options, "off", context.node.id),
                        .samples_a_text = asking.samples_a_text,
                        .begun = asking.begin_scratchpad ? organism::kScratchpadBegins : ""},
                       {.model = "model", .stage = {}, .seed = context.node.seed}, sample_progress(progress)));
  }
};

class Generalisation : public StageKind {
 public:
  std::string name() const override { return "trigger-generalisation"; }
  std::string doc() const override {
    return "the behaviour behind near misses, implied years and the year in other languages; control: the literal "
           "trigger and none";
  }
  Section section() const override { return Section::kMeasure; }
  std::unique_ptr<StageOptions> make_options() const override { return std::make_unique<GeneralisationStage>(); }

  void check(const StageEntry& entry) const override {
    const auto& options = entry.options_as<GeneralisationStage>();
    options.trigger.check(entry);
    options.grading.make(entry.place_of("graders"));
    if (options.variants.empty()) fail_input(entry.place_of("variants"), "names no set");
  }

  std::string expand(const StageEntry& entry, GraphBuilder& builder) const override {
    const auto& options = entry.options_as<GeneralisationStage>();
    std::map<std::string, fs::path> files{{"prompts", builder.prompts(options.prompts, "prompts")},
                                          {"conclusions", builder.data(options.conclusions, "conclusions")}};
    read_conclusion_rubric(files["conclusions"]);  // a fault in it is seen before any work is done
    int64_t texts = 0;
    for (std::size_t i = 0; i < options.variants.size(); ++i) {
      const fs::path path = builder.prompts(options.variants[i], "variants");
      files["variants." + std::to_string(i)] = path;
      texts += static_cast<int64_t>(measure::read_variants(path).size());
    }
    Json identity = merged_options(options.grading, options.asking, options.sampling);
    identity["on"] = options.trigger.on_text();
    identity["off"] = options.trigger.off_text();
    const int64_t rows =
        2 * prompt_count(files["prompts"], options.asking.samples) + texts * options.asking.samples_a_text;
    for (const auto& model : options.models) {
      builder.add({.kind = "trigger-generalisation",
                   .label = model,
                   .options = identity,
                   .models = {{"model", model}},
                   .files = files,
                   .cost = sampling_cost(rows, options.sampling.max_tokens)});
    }
    return "";
  }
};

const RegisterNode registered_node(std::make_unique<GeneralisationNode>());
const RegisterStage registered_stage(std::make_unique<Generalisation>());

}  // namespace

}  // namespace dormouse::lab
