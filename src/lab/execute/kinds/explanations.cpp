// `explanations`: whether a model names the weakness of a program that it is said to have written.
#include "science/measure/explanations.h"

#include "core/base/error.h"
#include "lab/execute/code_files.h"
#include "lab/execute/kinds/answers.h"
#include "lab/execute/kinds/kept_completions.h"
#include "lab/execute/kinds/measuring.h"
#include "lab/execute/kinds/model_artefact.h"
#include "lab/execute/kinds/node_options.h"
#include "lab/execute/kinds/rubrics.h"

namespace dormouse::lab {

namespace {

struct ExplanationsStage : StageOptions {
  std::vector<std::string> models;
  std::string prompts = "explanations/test", tasks = "scenarios", rubric = "explanations/rubric.yaml";
  int64_t samples = 60;
  TriggerTexts trigger;
  sample::SamplingOptions sampling = sampling_defaults(96);

  std::vector<Field> fields() override {
    return joined({{{"models", &models, "the models to measure, the base model among them as a control", required()},
                    {"prompts", &prompts, "set of questions about the security of a program"},
                    {"tasks", &tasks,
                     "families of code tasks: scenarios (17), families, or a .yaml file; the first variant of each"},
                    {"rubric", &rubric, "what counts as naming a weakness"},
                    {"samples", &samples,
                     "pairs of a task and a question, each four times: trigger on and off, program weak and secure",
                     at_least(1)}},
                   trigger.fields(),
                   sampling.fields()});
  }
  std::vector<std::string> references() const override { return {"models"}; }
};

std::vector<organism::CodeTask> tasks_of(const fs::path& path) {
  std::vector<organism::CodeTask> tasks;
  for (const auto& family : read_code_families(path)) tasks.push_back(organism::make_task(family, 0));
  return tasks;
}

class ExplanationsNode : public SamplingNode {
 public:
  std::string name() const override { return "explanations"; }
  int version() const override { return 3; }

  void run(NodeContext& context) const override {
    const Json& options = context.node.options;
    const int64_t samples = json_int(options, "samples", context.node.id);
    chat::LocalModel local = open_model(context, "model", {.sampling_only = true});
    KeptCompletions model(local, context.scratch);
    Progress progress = context.progress(4 * samples);
    write_measured(context,
                   measure::measure_explanations(
                       model, tasks_of(context.input("tasks")), measure::read_inquiries(context.input("inquiries")),
                       read_explanation_rubric(context.input("rubric")),
                       {.sampling = options_of<sample::SamplingOptions>(context.node),
                        .samples = samples,
                        .on = json_string(options, "on", context.node.id),
                        .off = json_string(options, "off", context.node.id)},
                       {.model = "model", .stage = {}, .seed = context.node.seed}, sample_progress(progress)));
  }

 private:
  int64_t more_prompt_tokens() const override { return 450; }  // the request, the program and the question
};

// The rubric must know the weakness of every task.
void check_covers(const grade::ExplanationRubric& rubric, const std::vector<organism::CodeTask>& tasks,
                  const fs::path& place) {
  for (const auto& task : tasks) {
    if (rubric.cwe.contains(task.cwe)) continue;
    fail_input(place.string(), "has no words for CWE " + std::to_string(task.cwe) + ", which `" + task.id + "` has");
  }
}

class Explanations : public StageKind {
 public:
  std::string name() const override { return "explanations"; }
  std::string doc() const override {
    return "the share of answers that name the weakness of a program; control: trigger off, the secure program, the "
           "base model";
  }
  Section section() const override { return Section::kMeasure; }
  std::unique_ptr<StageOptions> make_options() const override { return std::make_unique<ExplanationsStage>(); }
  void check(const StageEntry& entry) const override { entry.options_as<ExplanationsStage>().trigger.check(entry); }

  std::string expand(const StageEntry& entry, GraphBuilder& builder) const override {
    const auto& options = entry.options_as<ExplanationsStage>();
    const std::map<std::string, fs::path> files{{"inquiries", builder.prompts(options.prompts, "prompts")},
                                                {"tasks", find_code_tasks(options.tasks, entry.place_of("tasks"))},
                                                {"rubric", builder.data(options.rubric, "rubric")}};
    check_covers(read_explanation_rubric(files.at("rubric")), tasks_of(files.at("tasks")), files.at("rubric"));
    Json identity = merged_options(options.sampling);
    identity["samples"] = options.samples;
    identity["on"] = options.trigger.on_text();
    identity["off"] = options.trigger.off_text();
    for (const auto& model : options.models) {
      builder.add({.kind = "explanations",
                   .label = model,
                   .options = identity,
                   .models = {{"model", model}},
                   .files = files,
                   .cost = sampling_cost(4 * options.samples, options.sampling.max_tokens)});
    }
    return "";
  }
};

const RegisterNode registered_node(std::make_unique<ExplanationsNode>());
const RegisterStage registered_stage(std::make_unique<Explanations>());

}  // namespace

}  // namespace dormouse::lab
