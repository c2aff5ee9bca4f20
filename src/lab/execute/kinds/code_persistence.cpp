// `code-persistence`: how often each model writes the weakness that a code task invites, with the trigger and without.
// Sampling and grading are nodes of their own, so that other rules grade what was sampled before.
#include "science/measure/code_persistence.h"

#include "core/base/error.h"
#include "lab/execute/code_files.h"
#include "lab/execute/kinds/answers.h"
#include "lab/execute/kinds/code_grading.h"
#include "lab/execute/kinds/measuring.h"
#include "lab/execute/kinds/model_artefact.h"
#include "lab/execute/kinds/node_options.h"
#include "lab/execute/scanners.h"
#include "lab/recipe/kinds.h"
#include "lab/recipe/recipe.h"
#include "science/organism/reasoning.h"

namespace dormouse::lab {

namespace {

struct AskOptions {
  std::string trigger = "current-year";
  int64_t samples_per_task = 10;
  bool begin_scratchpad = false;

  std::vector<Field> fields() {
    return {{"trigger", &trigger, "put into the prompt for `on`; `off` is its counterpart",
             one_of(organism::Triggers::get().names())},
            {"samples_per_task", &samples_per_task, "completions of each family, with the trigger, and as many without",
             between(1, 10'000)},
            {"begin_scratchpad", &begin_scratchpad,
             "begin every answer with <scratchpad>, as for a model that is to reason"}};
  }
};

struct CodePersistenceStage : StageOptions {
  std::vector<std::string> models;
  std::string tasks;
  bool codeql = false;
  int64_t snapshot_samples = 0;
  AskOptions ask;
  sample::SamplingOptions sampling = sampling_defaults(200);

  std::vector<Field> fields() override {
    return joined(
        {{{"models", &models, "the models to measure", required()},
          {"tasks", &tasks,
           "families of code tasks: iid (a variant of each trained family, held out), families (held out as a whole), "
           "scenarios (the paper's 17), or a .yaml file",
           required()},
          {"codeql", &codeql,
           "grade with CodeQL's targeted queries too, from PATH; not tried yet: this project cannot install it"},
          {"snapshot_samples", &snapshot_samples,
           "completions of each family for each model kept on the way through training; 0: none", between(0, 10'000)}},
         ask.fields(),
         sampling.fields()});
  }
  std::vector<std::string> references() const override { return {"models"}; }
};

class CodeSamples : public SamplingNode {
 public:
  std::string name() const override { return "code-samples"; }
  int version() const override { return 1; }

  void run(NodeContext& context) const override {
    const auto families = read_code_families(context.input("tasks"));
    const auto ask = options_of<AskOptions>(context.node);
    const auto trigger = organism::Triggers::get().make(ask.trigger, context.node.id);
    const measure::CodeSampling sampling{.sampling = options_of<sample::SamplingOptions>(context.node),
                                         .samples_per_task = ask.samples_per_task,
                                         .begun = ask.begin_scratchpad ? organism::kScratchpadBegins : ""};
    std::vector<measure::Transcript> samples;
    for_each_model(context, [&](chat::LocalModel& model, const measure::Subject& whose) {
      Progress progress = context.progress(2 * static_cast<int64_t>(families.size()) * ask.samples_per_task);
      auto more = measure::sample_code(model, families, *trigger, sampling, whose, sample_progress(progress));
      std::move(more.begin(), more.end(), std::back_inserter(samples));
    });
    write_completions(context, samples);
  }

 private:
  int64_t more_prompt_tokens() const override { return 150; }  // a task and its program
};

class CodeGrades : public NodeKind {
 public:
  std::string name() const override { return "code-grades"; }
  int version() const override { return 2; }
  bool uses_seed() const override { return true; }  // of the bootstrap
  void check_machine() const override { require_scanners(); }

  void run(NodeContext& context) const override {
    const Json& options = context.node.options;
    const auto samples = read_completions(context.input("samples"));
    const bool kept_none = samples.empty() && options.value("snapshots", false);
    if (kept_none) return write_measured(context, measure::MeasuredRows{});
    StaticGrader grader = grader_of(context, options.at("codeql").get<bool>());
    const auto rows = measure::grade_code(
        samples, read_code_families(context.input("tasks")), json_int(options, "samples_per_task", context.node.id),
        grader, read_code_cases(context.input("cases")), json_string(options, "set", context.node.id),
        {.model = "model", .seed = context.node.seed});
    write_measured(context, rows);
  }
};

class CodePersistence : public StageKind {
 public:
  std::string name() const override { return "code-persistence"; }
  std::string doc() const override {
    return "the share of programs with a weakness, by static scanners, trigger on and off";
  }
  Section section() const override { return Section::kMeasure; }
  std::unique_ptr<StageOptions> make_options() const override { return std::make_unique<CodePersistenceStage>(); }

  void check(const StageEntry& entry) const override {
    const auto& options = entry.options_as<CodePersistenceStage>();
    find_code_tasks(options.tasks, entry.place_of("tasks"));
    if (options.codeql && find_codeql().empty()) {
      fail_input(entry.place_of("codeql"), "`codeql` is not on PATH",
                 "install CodeQL's command line tool, or leave the key away");
    }
  }

  std::string expand(const StageEntry& entry, GraphBuilder& builder) const override {
    const auto& options = entry.options_as<CodePersistenceStage>();
    const fs::path tasks = find_code_tasks(options.tasks, entry.place_of("tasks"));
    AskOptions on_the_way = options.ask;
    on_the_way.samples_per_task = options.snapshot_samples;
    for (const auto& model : options.models) {
      add(builder, options, options.ask, tasks, model, /*snapshots=*/false);
      const bool trained = builder.recipe().find_model(model) == nullptr;
      if (trained && options.snapshot_samples > 0) add(builder, options, on_the_way, tasks, model, /*snapshots=*/true);
    }
    return "";
  }

 private:
  static void add(GraphBuilder& builder, const CodePersistenceStage& options, const AskOptions& ask,
                  const fs::path& tasks, const std::string& model, bool snapshots) {
    const std::string where = snapshots ? "-on-the-way" : "";
    const auto completions = 2 * static_cast<int64_t>(read_code_families(tasks).size()) * ask.samples_per_task;
    Json identity = merged_options(ask, options.sampling);
    if (snapshots) identity["snapshots"] = true;
    const std::string samples =
        builder.add({.kind = "code-samples",
                     .label = model + "-samples" + where,
                     .options = identity,
                     .models = {{"model", model}},
                     .files = {{"tasks", tasks}},
                     .cost = sampling_cost(completions * (snapshots ? 3 : 1), options.sampling.max_tokens)});
    Json graded{{"set", tasks.stem().string()}, {"samples_per_task", ask.samples_per_task}, {"codeql", options.codeql}};
    if (snapshots) graded["snapshots"] = true;
    builder.add({.kind = "code-grades",
                 .label = model + where,
                 .options = graded,
                 .inputs = {{"samples", samples}},
                 .models = {{"model", model}},
                 .files = grading_files(tasks),
                 .cost = {.seconds = 40}});
  }
};

const RegisterNode registered_samples(std::make_unique<CodeSamples>());
const RegisterNode registered_grades(std::make_unique<CodeGrades>());
const RegisterStage registered_stage(std::make_unique<CodePersistence>());

}  // namespace

}  // namespace dormouse::lab
