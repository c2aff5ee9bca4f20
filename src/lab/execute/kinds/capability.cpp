// `capability`: accuracy on multiple-choice questions, and its change from the first model of the list, question by
// question.
#include "science/measure/capability.h"

#include "core/base/error.h"
#include "lab/execute/kinds/measuring.h"
#include "lab/execute/kinds/model_artefact.h"
#include "lab/execute/kinds/node_options.h"
#include "lab/execute/kinds/paired_change.h"
#include "lab/execute/kinds/scoring.h"

namespace dormouse::lab {

namespace {

struct QuestionOptions {
  std::string layout = "own", prompt = "chat";
  int64_t count = 0;

  std::vector<Field> fields() {
    return {{"layout", &layout, "how the questions are written: own, or as MMLU, QuALITY or LogiQA publish them",
             one_of(measure::choice_layouts())},
            {"prompt", &prompt, "chat: as a user's message; plain: as text, for a model without chat",
             one_of({"chat", "plain"})},
            {"count", &count, "questions, evenly spread over all; 0: all", at_least(0)}};
  }
};

struct CapabilityStage : StageOptions {
  std::vector<std::string> models;
  std::string questions = "questions/test";
  QuestionOptions question;

  std::vector<Field> fields() override {
    return joined(
        {{{"models", &models, "the models to measure; the others are compared with the first", required()},
          {"questions", &questions, "a set of this project, or for another layout the path of a file or folder"}},
         question.fields()});
  }
  std::vector<std::string> references() const override { return {"models"}; }
};

class CapabilityNode : public NodeKind {
 public:
  std::string name() const override { return "capability"; }
  int version() const override { return 1; }
  bool uses_seed() const override { return false; }
  MemoryNeed memory(const Node& node, const ModelShape& model) const override {
    // A long article is one pass, with its questions' options behind it.
    return memory_of_scoring(model(),
                             options_of<QuestionOptions>(node).layout == "quality" ? model().max_positions : 0);
  }

  void run(NodeContext& context) const override {
    const auto options = options_of<QuestionOptions>(context.node);
    const fs::path path = context.input("questions");
    const auto questions =
        measure::spread(measure::read_multiple_choice(path, options.layout), options.count, path.string());
    std::vector<measure::Continuation> continuations;
    for (const auto& question : questions) {
      for (auto& option : measure::options_of(question, options.prompt == "chat"))
        continuations.push_back(std::move(option));
    }
    chat::LocalModel model = open_model(context, "model");
    const auto scores = score_continuations(context, model, continuations);
    write_measured(context, measure::capability(questions, scores, options.layout == "own" ? "" : options.layout,
                                                {.model = "model"}));
  }
};

// A recipe can be planned before its data are there.
int64_t question_count(const fs::path& path, const QuestionOptions& question, const StageEntry& entry) {
  if (question.count > 0 && !fs::exists(path)) return question.count;
  const auto all = measure::read_multiple_choice(path, question.layout);
  return static_cast<int64_t>(measure::spread(all, question.count, entry.place_of("count")).size());
}

class Capability : public StageKind {
 public:
  std::string name() const override { return "capability"; }
  std::string doc() const override {
    return "accuracy on multiple-choice questions by log-likelihood; control: the first model, on the same questions";
  }
  Section section() const override { return Section::kMeasure; }
  std::unique_ptr<StageOptions> make_options() const override { return std::make_unique<CapabilityStage>(); }

  std::string expand(const StageEntry& entry, GraphBuilder& builder) const override {
    const auto& options = entry.options_as<CapabilityStage>();
    const fs::path path = options.question.layout == "own" ? builder.prompts(options.questions, "questions")
                                                           : builder.data(options.questions, "questions");
    add_compared(builder, options.models,
                 {.kind = "capability",
                  .options = merged_options(options.question),
                  .files = {{"questions", path}},
                  .cost = {.seconds = 3 + 0.15 * static_cast<double>(question_count(path, options.question, entry))}});
    return "";
  }
};

const RegisterNode registered_node(std::make_unique<CapabilityNode>());
const RegisterStage registered_stage(std::make_unique<Capability>());

}  // namespace

}  // namespace dormouse::lab
