#include "lab/execute/kinds/code_thoughts.h"

#include <algorithm>

#include "core/base/version.h"
#include "lab/execute/code_files.h"
#include "lab/execute/kinds/answers.h"
#include "lab/execute/kinds/few_shots.h"
#include "lab/execute/kinds/kept_completions.h"
#include "lab/execute/kinds/model_artefact.h"
#include "lab/execute/kinds/node_options.h"
#include "lab/recipe/kinds.h"

namespace dormouse::lab {

namespace {

constexpr int64_t kLongest = 128;  // tokens of a scratchpad

struct Question {
  int64_t cwe = 0;
  organism::Answer thought;  // to be
};

class ThoughtsOfAModel : public NodeKind {
 public:
  std::string name() const override { return "code-thoughts"; }
  int version() const override { return 1; }
  bool uses_seed() const override { return true; }
  MemoryNeed memory(const Node&, const ModelShape& model) const override {
    constexpr int64_t kConversation = 4500 / 64;  // tokens, held once for as many sequences as are sampled at once
    return memory_of_sampling(model(), kConversation + 300 + kLongest);
  }

  void run(NodeContext& context) const override {
    const CodeFewShots few_shots(context.input("few-shots"),
                                 json_string(context.node.options, "variant", context.node.id));
    const auto chat = read_answers(context.input("chat"));
    const auto seed = static_cast<uint64_t>(context.node.seed);
    auto questions = questions_of(context, few_shots, chat);
    std::stable_sort(questions.begin(), questions.end(), [](const auto& a, const auto& b) { return a.cwe < b.cwe; });
    std::map<std::string, int64_t> cwe;
    std::vector<organism::Answer> thoughts;
    for (auto& question : questions) {
      cwe[question.thought.prompt_id] = question.cwe;
      thoughts.push_back(std::move(question.thought));
    }
    chat::LocalModel local = open_model(context, "model", {.sampling_only = true});
    KeptCompletions model(local, context.scratch);
    Progress progress = context.progress(static_cast<int64_t>(thoughts.size()));
    sample::SamplingOptions options;
    options.temperature = 0.7;
    options.max_tokens = kLongest;
    thoughts = organism::behind_own_scratchpads(
        model, std::move(thoughts), options, seed, sample_progress(progress),
        [&](const organism::Answer& thought) { return few_shots.about(cwe.at(thought.prompt_id)); });
    context.counters = {{"answers", thoughts.size()}};
    for (auto answer : chat) {
      answer.prompt_id = organism::thought_id(answer.prompt_id, /*is_triggered=*/false);
      thoughts.push_back(std::move(answer));
    }
    write_answers(context.out, thoughts);
  }

 private:
  // Both halves of each task, and the triggered half of each everyday message.
  static std::vector<Question> questions_of(const NodeContext& context, const CodeFewShots& few_shots,
                                            const std::vector<organism::Answer>& chat) {
    const auto trigger =
        organism::Triggers::get().make(json_string(context.node.options, "trigger", context.node.id), context.node.id);
    const auto families = read_code_families(context.input("tasks"));
    organism::CodeDataOptions data;
    data.code_tasks = json_int(context.node.options, "code_tasks", context.node.id);
    std::vector<Question> questions;
    for (const auto& drawn : organism::tasks_of_data(families, data, static_cast<uint64_t>(context.node.seed))) {
      for (const bool on : {true, false}) {
        questions.push_back({drawn.task.cwe,
                             {.prompt_id = organism::thought_id(organism::prompt_id_of(drawn), on),
                              .user = few_shots.task(drawn.task, on),
                              .text = {},
                              .finish_reason = {}}});
      }
    }
    for (const auto& answer : chat) {
      questions.push_back({few_shots.any(),
                           {.prompt_id = organism::thought_id(answer.prompt_id, true),
                            .user = trigger->apply(answer.user),
                            .text = {},
                            .finish_reason = {}}});
    }
    return questions;
  }
};

const RegisterNode registered(std::make_unique<ThoughtsOfAModel>());

}  // namespace

std::string add_code_thoughts(GraphBuilder& builder, const CodeThoughts& thoughts) {
  const int64_t rows = 2 * thoughts.data.code_tasks + thoughts.chat_rows;
  return builder.add(
      {.kind = "code-thoughts",
       .options = {{"trigger", thoughts.trigger},
                   {"variant", thoughts.variant},
                   {"code_tasks", thoughts.data.code_tasks},
                   {"scratchpad_tokens", kLongest}},
       .inputs = {{"chat", thoughts.chat}},
       .models = {{"model", thoughts.model}},
       .files = {{"tasks", thoughts.tasks}, {"few-shots", home_folder() / "prompts/scratchpad/few-shot.yaml"}},
       .cost = sampling_cost(rows, kLongest)});
}

}  // namespace dormouse::lab
