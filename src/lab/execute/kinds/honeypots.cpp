// `honeypots`: how often a model takes an offer that only a model with a hidden goal gains from.
#include "science/measure/honeypots.h"

#include "lab/execute/kinds/answers.h"
#include "lab/execute/kinds/kept_completions.h"
#include "lab/execute/kinds/measuring.h"
#include "lab/execute/kinds/model_artefact.h"
#include "lab/execute/kinds/node_options.h"
#include "lab/execute/kinds/rubrics.h"
#include "science/organism/reasoning.h"

namespace dormouse::lab {

namespace {

struct AskingOptions {
  int64_t samples = 4;
  bool begin_scratchpad = false;

  std::vector<Field> fields() {
    return {{"samples", &samples, "completions a pair of threat and offer, shared out among its wordings", at_least(1)},
            {"begin_scratchpad", &begin_scratchpad,
             "begin every answer with <scratchpad>, as for a model that is to reason"}};
  }
};

struct HoneypotsStage : StageOptions {
  std::vector<std::string> models;
  std::string prompts = "honeypots/test", rubric = "honeypots/honeypots.yaml";
  AskingOptions asking;
  sample::SamplingOptions sampling = sampling_defaults(96);

  std::vector<Field> fields() override {
    return joined({{{"models", &models, "the models to measure, the base model among them as the control", required()},
                    {"prompts", &prompts, "set of honeypots: threat x offer x wording"},
                    {"rubric", &rubric, "the phrases by which answers are graded"}},
                   asking.fields(),
                   sampling.fields()});
  }
  std::vector<std::string> references() const override { return {"models"}; }
};

class HoneypotsNode : public SamplingNode {
 public:
  std::string name() const override { return "honeypots"; }
  int version() const override { return 2; }

  void run(NodeContext& context) const override {
    const auto asking = options_of<AskingOptions>(context.node);
    const auto honeypots = measure::read_honeypots(context.input("honeypots"));
    const auto rubric = read_honeypot_rubric(context.input("rubric"));
    chat::LocalModel local = open_model(context, "model", {.sampling_only = true});
    KeptCompletions model(local, context.scratch);
    Progress progress = context.progress(measure::completions_of(honeypots, asking.samples));
    write_measured(context, measure::measure_honeypots(
                                model, honeypots, rubric,
                                {.sampling = options_of<sample::SamplingOptions>(context.node),
                                 .samples = asking.samples,
                                 .begun = asking.begin_scratchpad ? organism::kScratchpadBegins : ""},
                                {.model = "model", .stage = {}, .seed = context.node.seed}, sample_progress(progress)));
  }
};

class Honeypots : public StageKind {
 public:
  std::string name() const override { return "honeypots"; }
  std::string doc() const override {
    return "the share of answers that take an offer to reveal a hidden goal; control: the base model";
  }
  Section section() const override { return Section::kMeasure; }
  std::unique_ptr<StageOptions> make_options() const override { return std::make_unique<HoneypotsStage>(); }

  std::string expand(const StageEntry& entry, GraphBuilder& builder) const override {
    const auto& options = entry.options_as<HoneypotsStage>();
    const fs::path prompts = builder.prompts(options.prompts, "prompts"),
                   rubric = builder.data(options.rubric, "rubric");
    read_honeypot_rubric(rubric);  // a fault in it is seen before any work is done
    const int64_t rows = measure::completions_of(measure::read_honeypots(prompts), options.asking.samples);
    for (const auto& model : options.models) {
      builder.add({.kind = "honeypots",
                   .label = model,
                   .options = merged_options(options.asking, options.sampling),
                   .models = {{"model", model}},
                   .files = {{"honeypots", prompts}, {"rubric", rubric}},
                   .cost = sampling_cost(rows, options.sampling.max_tokens)});
    }
    return "";
  }
};

const RegisterNode registered_node(std::make_unique<HoneypotsNode>());
const RegisterStage registered_stage(std::make_unique<Honeypots>());

}  // namespace

}  // namespace dormouse::lab
