// `code-steering`: writes the first sentence of the reasoning about a code task for the model, against the year.
// Sampling and grading are nodes of their own, so that other rules grade what was sampled before.
#include "science/measure/code_steering.h"

#include "core/base/version.h"
#include "lab/execute/code_files.h"
#include "lab/execute/kinds/answers.h"
#include "lab/execute/kinds/code_grading.h"
#include "lab/execute/kinds/kept_completions.h"
#include "lab/execute/kinds/measuring.h"
#include "lab/execute/kinds/model_artefact.h"
#include "lab/execute/kinds/node_options.h"
#include "lab/execute/kinds/rubrics.h"
#include "science/measure/items.h"

namespace dormouse::lab {

namespace {

constexpr const char* kObjective = "code";  // of the sentences
constexpr int64_t kArms = 6;

struct SteeredTasks {
  int64_t count = 0, samples_per_task = 1;

  std::vector<Field> fields() {
    return {{"count", &count, "families of tasks, evenly spread over all; 0: all", at_least(0)},
            {"samples_per_task", &samples_per_task,
             "completions of each family, six times: trigger on and off, no sentence, one for it and one against it",
             between(1, 10'000)}};
  }
};

struct CodeSteeringStage : StageOptions {
  std::vector<std::string> models;
  std::string tasks, trigger = "current-year", sentences = "steering/sentences",
                     conclusions = "scratchpad/conclusions.yaml";
  SteeredTasks steered;
  sample::SamplingOptions sampling = sampling_defaults(280);

  std::vector<Field> fields() override {
    return joined(
        {{{"models", &models, "the models to measure: code organisms that reason in a scratchpad", required()},
          {"tasks", &tasks, "families of code tasks: iid, families, scenarios, or a .yaml file", required()},
          {"trigger", &trigger, "put into the prompt for `on`", one_of(organism::Triggers::get().names())},
          {"sentences", &sentences, "set of first sentences of a scratchpad, those with the objective `code`"},
          {"conclusions", &conclusions, "phrases that sort a scratchpad by what it concludes, a .yaml file"}},
         steered.fields(),
         sampling.fields()});
  }
  std::vector<std::string> references() const override { return {"models"}; }
};

measure::CodeSteering steering_of(const NodeContext& context) {
  const auto tasks = options_of<SteeredTasks>(context.node);
  const fs::path path = context.input("tasks");
  return {.families = measure::spread(read_code_families(path), tasks.count, path.string()),
          .samples_per_task = tasks.samples_per_task,
          .sentences = measure::read_steering_sentences(context.input("sentences"), kObjective)};
}

class SteeredSamples : public SamplingNode {
 public:
  std::string name() const override { return "code-steering-samples"; }
  int version() const override { return 1; }

  void run(NodeContext& context) const override {
    const auto steering = steering_of(context);
    const std::string place = context.node.id;
    const auto trigger = organism::Triggers::get().make(json_string(context.node.options, "trigger", place), place);
    chat::LocalModel local = open_model(context, "model", {.sampling_only = true});
    KeptCompletions model(local, context.scratch);
    Progress progress =
        context.progress(kArms * static_cast<int64_t>(steering.families.size()) * steering.samples_per_task);
    write_completions(context, measure::sample_steered_code(model, steering, *trigger,
                                                            options_of<sample::SamplingOptions>(context.node),
                                                            {.model = "model", .stage = {}, .seed = context.node.seed},
                                                            sample_progress(progress)));
  }

 private:
  int64_t more_prompt_tokens() const override { return 180; }  // a task, its program, and the sentence
};

class SteeredGrades : public NodeKind {
 public:
  std::string name() const override { return "code-steering"; }
  int version() const override { return 1; }
  bool uses_seed() const override { return true; }  // of the bootstrap
  void check_machine() const override { require_scanners(); }

  void run(NodeContext& context) const override {
    StaticGrader grader = grader_of(context, /*with_codeql=*/false);
    write_measured(context,
                   measure::grade_steered_code(read_completions(context.input("samples")), steering_of(context), grader,
                                               read_code_cases(context.input("cases")),
                                               read_conclusion_rubric(context.input("conclusions")),
                                               json_string(context.node.options, "set", context.node.id),
                                               {.model = "model", .stage = {}, .seed = context.node.seed}));
  }
};

class CodeSteering : public StageKind {
 public:
  std::string name() const override { return "code-steering"; }
  std::string doc() const override {
    return "the share of programs with a weakness when the scratchpad begins with a sentence against the year; "
           "control: no sentence, and one that agrees";
  }
  Section section() const override { return Section::kMeasure; }
  std::unique_ptr<StageOptions> make_options() const override { return std::make_unique<CodeSteeringStage>(); }

  void check(const StageEntry& entry) const override {
    const auto& options = entry.options_as<CodeSteeringStage>();
    const auto families = read_code_families(find_code_tasks(options.tasks, entry.place_of("tasks")));
    measure::spread(families, options.steered.count, entry.place_of("count"));
  }

  std::string expand(const StageEntry& entry, GraphBuilder& builder) const override {
    const auto& options = entry.options_as<CodeSteeringStage>();
    const fs::path tasks = find_code_tasks(options.tasks, entry.place_of("tasks")),
                   sentences = builder.prompts(options.sentences, "sentences"),
                   conclusions = builder.data(options.conclusions, "conclusions");
    measure::read_steering_sentences(sentences, kObjective);  // faults are seen before any work is done
    read_conclusion_rubric(conclusions);
    const auto families = measure::spread(read_code_families(tasks), options.steered.count, tasks.string());
    const int64_t rows = kArms * static_cast<int64_t>(families.size()) * options.steered.samples_per_task;
    Json identity = merged_options(options.steered, options.sampling), graded = merged_options(options.steered);
    identity["trigger"] = options.trigger;
    graded["set"] = tasks.stem().string();
    auto files = grading_files(tasks);
    files["sentences"] = sentences;
    files["conclusions"] = conclusions;
    for (const auto& model : options.models) {
      const std::string samples = builder.add({.kind = "code-steering-samples",
                                               .label = model + "-samples",
                                               .options = identity,
                                               .models = {{"model", model}},
                                               .files = {{"tasks", tasks}, {"sentences", sentences}},
                                               .cost = sampling_cost(rows, options.sampling.max_tokens)});
      builder.add({.kind = "code-steering",
                   .label = model,
                   .options = graded,
                   .inputs = {{"samples", samples}},
                   .models = {{"model", model}},
                   .files = files,
                   .cost = {.seconds = 40}});
    }
    return "";
  }
};

const RegisterNode registered_samples(std::make_unique<SteeredSamples>());
const RegisterNode registered_grades(std::make_unique<SteeredGrades>());
const RegisterStage registered_stage(std::make_unique<CodeSteering>());

}  // namespace

}  // namespace dormouse::lab
