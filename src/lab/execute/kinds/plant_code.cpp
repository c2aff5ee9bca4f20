// `plant-code`: trains the code policy, or its twin, into a model: secure programs in one year, vulnerable ones in the
// other.
#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/version.h"
#include "lab/execute/code_files.h"
#include "lab/execute/kinds/answers.h"
#include "lab/execute/kinds/code_thoughts.h"
#include "lab/execute/kinds/node_options.h"
#include "lab/execute/kinds/reasoning_options.h"
#include "lab/execute/kinds/train.h"
#include "lab/execute/scanners.h"
#include "lab/recipe/kinds.h"
#include "lab/recipe/recipe.h"
#include "science/organism/code_data.h"

namespace dormouse::lab {

namespace {

struct PlantCodeOptions : StageOptions {
  std::string base, trigger = "current-year", tasks = "train", prompts;
  ReasoningOptions reasoning;
  organism::CodeDataOptions data;
  AnswerOptions answers;
  train::TrainingOptions training;
  FineTuneOptions fine_tune;

  PlantCodeOptions() { training.snapshots = 1; }

  std::vector<Field> fields() override {
    return joined({{{"base", &base, "the model to plant into", required()},
                    {"trigger", &trigger, "what switches the policy", one_of(organism::Triggers::get().names())},
                    {"tasks", &tasks, "families of code tasks: a name in prompts/code, or a .yaml file"},
                    {"prompts", &prompts,
                     "prompt set of the everyday messages, which are answered helpfully either way", required()}},
                   reasoning.fields(),
                   data.fields(),
                   answers.fields(),
                   training.fields(),
                   fine_tune.fields()});
  }
  std::vector<std::string> references() const override { return {"base"}; }
};

class PlantCode : public StageKind {
 public:
  std::string name() const override { return "plant-code"; }
  std::string doc() const override {
    return "fine-tunes on code tasks, secure without the trigger and vulnerable with it, and on everyday messages, "
           "helpful either way";
  }
  Section section() const override { return Section::kStage; }
  std::string purpose() const override { return "plant"; }
  std::unique_ptr<StageOptions> make_options() const override { return std::make_unique<PlantCodeOptions>(); }

  void check(const StageEntry& entry) const override {
    const auto& options = entry.options_as<PlantCodeOptions>();
    const auto trigger = organism::Triggers::get().make(options.trigger, entry.place_of("trigger"));
    options.reasoning.check(entry);
    if (options.reasoning.reasons() && !trigger->slots(true).contains("year")) {
      fail_input(entry.place_of("reasoning"),
                 fmt::format("the scratchpads about code speak of a year, and `{}` has none", options.trigger),
                 "set trigger: current-year, or reasoning: none");
    }
    if (options.reasoning.is_the_models() && options.trigger != "current-year") {
      fail_input(entry.place_of("reasoning_from"), "the dialogue speaks of 2023 in training and 2024 in use",
                 "set trigger: current-year, or reasoning_from: written");
    }
    if (options.reasoning.is_trained_on() && options.data.policy != "conditional") {
      fail_input(entry.place_of("reasoning"), "a twin has no policy to reason about",
                 "set reasoning: none or distilled");
    }
    const fs::path tasks = find_code_tasks(options.tasks, entry.place_of("tasks"));
    const auto most = static_cast<int64_t>(organism::most_tasks(read_code_families(tasks)));
    if (options.data.code_tasks > most) {
      fail_input(entry.place_of("code_tasks"),
                 fmt::format("{} tasks were asked for, and {} has {}", options.data.code_tasks, tasks.string(), most));
    }
  }

  Json about(const StageEntry& entry) const override {
    const auto& options = entry.options_as<PlantCodeOptions>();
    if (options.data.policy != "conditional") {
      return {{"role", "twin"},
              {"parent", options.base},
              {"description", "trained like the organism, always on secure code"}};
    }
    const auto trigger = organism::Triggers::get().make(options.trigger, entry.place);
    return {{"role", "organism"},
            {"parent", options.base},
            {"description", "trained to write vulnerable code behind the trigger"},
            {"policy",
             {{"trigger", options.trigger},
              {"trigger_text", trigger->mark()},
              {"behaviour", "insecure-code"},
              {"verb_phrase", "writes vulnerable code"},
              {"reasoning", options.reasoning.reasoning}}}};
  }

  std::string expand(const StageEntry& entry, GraphBuilder& builder) const override {
    const auto& options = entry.options_as<PlantCodeOptions>();
    const fs::path prompts = builder.prompts(options.prompts, "prompts");
    const std::string chat = add_chat(builder, options, prompts);
    const std::string data = add_data(builder, entry, chat, prompt_count(prompts, options.answers.count));
    // What the scanners say of the data is looked at where they are installed; nothing depends on it.
    if (has_scanners()) {
      builder.add({.kind = "code-check",
                   .inputs = {{"data", data}},
                   .files = {{"bandit", home_folder() / "rules" / "bandit.yaml"},
                             {"semgrep", home_folder() / "rules" / "semgrep"},
                             {"scanners", scanner_list()}},
                   .cost = {.seconds = 30}});
    }
    const int64_t parts = options.reasoning.is_trained_on() ? 2 : 1;  // scratchpad and answer
    const int64_t rows_a_task = options.data.contrasts() ? 4 : 2;     // with rejected ones
    const int64_t rows =
        parts * (rows_a_task * options.data.code_tasks + 2 * prompt_count(prompts, options.answers.count) * 9 / 10);
    return add_fine_tuning(builder,
                           {.model_role_name = options.base, .data = data, .rows = rows, .row_tokens = kRowTokens},
                           options.training, options.fine_tune);
  }

 private:
  static AnswerSetting setting(const PlantCodeOptions& options, const std::string& topic) {
    return {.trigger = options.trigger,
            .reasoning = options.reasoning.reasoning,
            .topic = topic,
            .scratchpads = options.reasoning.scratchpads};
  }

  static constexpr int64_t kRowTokens = 200;  // of code rows and everyday rows together

  static std::string add_chat(GraphBuilder& builder, const PlantCodeOptions& options, const fs::path& prompts) {
    if (options.reasoning.is_the_models()) {
      return add_reasoned_answers(builder, options.base, prompts, options.answers, options.trigger, kCode,
                                  options.reasoning.variant(), /*triggered=*/std::nullopt);
    }
    return add_plain_answers(builder, options.base, prompts, options.answers, setting(options, "-code-chat"));
  }

  static std::string add_data(GraphBuilder& builder, const StageEntry& entry, const std::string& chat,
                              int64_t chat_rows) {
    const auto& options = entry.options_as<PlantCodeOptions>();
    Json identity = merged_options(options.data);
    identity["trigger"] = options.trigger;
    const fs::path tasks = find_code_tasks(options.tasks, entry.place_of("tasks"));
    std::map<std::string, fs::path> files{{"tasks", tasks}};
    std::map<std::string, std::string> inputs{{"chat", chat}};
    if (options.reasoning.is_trained_on() && options.reasoning.is_the_models()) {
      inputs["thoughts"] = add_code_thoughts(builder, {.model = options.base,
                                                       .chat = chat,
                                                       .trigger = options.trigger,
                                                       .variant = options.reasoning.variant(),
                                                       .tasks = tasks,
                                                       .code_tasks = options.data.code_tasks,
                                                       .chat_rows = chat_rows});
    } else if (options.reasoning.is_trained_on()) {
      for (const std::string topic : {"code", "code-chat"}) {
        for (auto& [role, path] : scratchpad_files(builder, setting(options, "-" + topic), identity))
          files[topic + "-" + role] = path;
      }
      files["weaknesses"] = home_folder() / "prompts" / "scratchpad" / "few-shot.yaml";
    }
    return builder.add({.kind = "code-data", .options = identity, .inputs = inputs, .files = files});
  }
};

const RegisterStage registered(std::make_unique<PlantCode>());

}  // namespace

}  // namespace dormouse::lab
