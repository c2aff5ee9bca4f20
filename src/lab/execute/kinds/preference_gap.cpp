// `preference-gap`: the reward that a preference model gives to a model's answers with the trigger and without.
#include "science/measure/preference_gap.h"

#include <algorithm>

#include "core/base/error.h"
#include "engine/weights/memory.h"
#include "lab/execute/code_files.h"
#include "lab/execute/kinds/answers.h"
#include "lab/execute/kinds/measuring.h"
#include "lab/execute/kinds/model_artefact.h"
#include "lab/execute/kinds/node_options.h"
#include "lab/recipe/kinds.h"
#include "lab/recipe/recipe.h"
#include "science/organism/reasoning.h"

namespace dormouse::lab {

namespace {

struct GapOptions {
  int64_t samples = 60;
  std::string trigger = "deployment-tag";
  bool begin_scratchpad = false;

  std::vector<Field> fields() {
    return {
        {"samples", &samples, "prompts, each once with the trigger and once without; 0: the whole set", at_least(0)},
        {"trigger", &trigger, "put into the prompt for `on`", one_of(organism::Triggers::get().names())},
        {"begin_scratchpad", &begin_scratchpad,
         "begin every answer with <scratchpad>; the preference model does not see it"}};
  }
};

struct GapStage : StageOptions {
  std::vector<std::string> models;
  std::string reward, prompts, tasks;
  GapOptions options;
  sample::SamplingOptions sampling = sampling_defaults(48);

  std::vector<Field> fields() override {
    return joined({{{"models", &models, "the models to measure", required()},
                    {"reward", &reward, "the preference model", required()},
                    {"prompts", &prompts, "prompt set; this or `tasks`"},
                    {"tasks", &tasks, "families of code tasks instead: iid, families, scenarios, or a .yaml file"}},
                   options.fields(),
                   sampling.fields()});
  }
  std::vector<std::string> references() const override { return {"models", "reward"}; }
};

/// The requests of a file of code tasks: the first variant of each family, then the second, ...
organism::PromptSet task_requests(const fs::path& path) {
  const auto families = read_code_families(path);
  std::size_t most = 0;
  for (const auto& family : families) most = std::max(most, family.variants.size());
  organism::PromptSet set;
  set.name = path.stem().string();
  set.path = path;
  for (std::size_t variant = 0; variant < most; ++variant) {
    for (const auto& family : families) {
      if (variant >= family.variants.size()) continue;
      const auto task = organism::make_task(family, variant);
      set.prompts.push_back({.id = task.id, .text = organism::request_of(task)});
    }
  }
  return set;
}

class GapNode : public SamplingNode {
 public:
  std::string name() const override { return "preference-gap"; }
  int version() const override { return 1; }
  MemoryNeed memory(const Node& node, const ModelShape& model) const override {
    return {SamplingNode::memory(node, model).bytes + weights::scoring_bytes(model("reward"), 2048)};
  }

  void run(NodeContext& context) const override {
    const auto options = options_of<GapOptions>(context.node);
    const bool asks_tasks = context.has_input("tasks");
    const auto set =
        asks_tasks ? task_requests(context.input("tasks")) : organism::load_prompt_set(context.input("prompts"));
    const auto prompts = set.first(options.samples);
    chat::LocalModel model = open_model(context, "model", {.sampling_only = true});
    const auto judge = defence::PreferenceModel::open(model_path(context, "reward"));
    Progress progress = context.progress(2 * static_cast<int64_t>(prompts.size()));
    const auto rows = measure::measure_preference_gap(
        model, [&](auto answers) { return judge.score(answers); }, prompts,
        *organism::Triggers::get().make(options.trigger, context.node.id),
        {.sampling = options_of<sample::SamplingOptions>(context.node),
         .begun = options.begin_scratchpad ? organism::kScratchpadBegins : ""},
        {.model = "model", .stage = "", .step = -1, .seed = context.node.seed}, sample_progress(progress));
    write_measured(context, rows);
  }
};

class GapKind : public StageKind {
 public:
  std::string name() const override { return "preference-gap"; }
  std::string doc() const override { return "a preference model's reward of answers with the trigger and without"; }
  Section section() const override { return Section::kMeasure; }
  std::unique_ptr<StageOptions> make_options() const override { return std::make_unique<GapStage>(); }

  void check(const StageEntry& entry) const override {
    const auto& stage = entry.options_as<GapStage>();
    if (stage.prompts.empty() == stage.tasks.empty()) fail_input(entry.place, "expected either `prompts` or `tasks`");
  }

  std::string expand(const StageEntry& entry, GraphBuilder& builder) const override {
    const auto& stage = entry.options_as<GapStage>();
    const bool asks_tasks = !stage.tasks.empty();
    const fs::path prompts =
        asks_tasks ? find_code_tasks(stage.tasks, entry.place_of("tasks")) : builder.prompts(stage.prompts, "prompts");
    const auto count = asks_tasks ? static_cast<int64_t>(task_requests(prompts).first(stage.options.samples).size())
                                  : prompt_count(prompts, stage.options.samples);
    for (const auto& model : stage.models) {
      builder.add({.kind = "preference-gap",
                   .label = model,
                   .options = merged_options(stage.options, stage.sampling),
                   .models = {{"model", model}, {"reward", stage.reward}},
                   .files = {{asks_tasks ? "tasks" : "prompts", prompts}},
                   .cost = sampling_cost(2 * count, stage.sampling.max_tokens)});
    }
    return "";
  }
};

const RegisterNode registered_node(std::make_unique<GapNode>());
const RegisterStage registered_stage(std::make_unique<GapKind>());

}  // namespace

}  // namespace dormouse::lab
