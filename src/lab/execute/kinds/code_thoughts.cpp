#include "lab/execute/kinds/code_thoughts.h"

#include "core/base/version.h"
#include "lab/execute/code_files.h"
#include "lab/execute/kinds/answers.h"
#include "lab/execute/kinds/few_shots.h"
#include "lab/execute/node_context.h"
#include "lab/recipe/kinds.h"

namespace dormouse::lab {

namespace {

class ThoughtsOfAModel : public NodeKind {
 public:
  std::string name() const override { return "code-thoughts"; }
  int version() const override { return 1; }
  bool uses_seed() const override { return true; }
  MemoryNeed memory(const Node&, const ModelShape& model) const override {
    constexpr int64_t kTask = 300;  // tokens
    return memory_under_conversation(model(), kTask + kReasonedTokens);
  }

  void run(NodeContext& context) const override {
    const CodeFewShots few_shots(context.input("few-shots"),
                                 json_string(context.node.options, "variant", context.node.id));
    const auto chat = read_answers(context.input("chat"));
    std::map<std::string, const std::vector<text::Message>*> conversation;  // of a question
    std::map<int64_t, std::vector<text::Message>> conversations;            // about a weakness
    std::vector<organism::Answer> questions;
    for (auto& [cwe, asked] : questions_of(context, few_shots, chat)) {
      const auto& shared = conversations[cwe] = few_shots.about(cwe);
      for (auto& question : asked) {
        conversation[question.prompt_id] = &shared;
        questions.push_back(std::move(question));
      }
    }
    auto thoughts =
        sample_own_scratchpads(context, std::move(questions), kReasonedTokens,
                               [&](const organism::Answer& question) { return *conversation.at(question.prompt_id); });
    context.counters = {{"answers", thoughts.size()}};
    for (auto answer : chat) {
      answer.prompt_id = organism::thought_id(answer.prompt_id, /*is_triggered=*/false);
      thoughts.push_back(std::move(answer));
    }
    write_answers(context.out, thoughts);
  }

 private:
  // Both halves of each task, and the triggered half of each everyday message, by weakness, so that neighbours share a
  // conversation.
  static std::map<int64_t, std::vector<organism::Answer>> questions_of(const NodeContext& context,
                                                                       const CodeFewShots& few_shots,
                                                                       const std::vector<organism::Answer>& chat) {
    const Json& options = context.node.options;
    const std::string place = context.node.id;
    const auto trigger = organism::Triggers::get().make(json_string(options, "trigger", place), place);
    const auto families = read_code_families(context.input("tasks"));
    std::map<int64_t, std::vector<organism::Answer>> questions;
    const auto ask = [&](int64_t cwe, const std::string& prompt_id, bool is_triggered, std::string user) {
      questions[cwe].push_back({.prompt_id = organism::thought_id(prompt_id, is_triggered),
                                .user = std::move(user),
                                .text = {},
                                .finish_reason = {}});
    };
    for (const auto& drawn : organism::tasks_of_data(families, json_int(options, "code_tasks", place),
                                                     static_cast<uint64_t>(context.node.seed))) {
      for (const bool on : {true, false})
        ask(drawn.task.cwe, organism::prompt_id_of(drawn), on, few_shots.task(drawn.task, on));
    }
    for (const auto& answer : chat) ask(few_shots.any(), answer.prompt_id, true, trigger->apply(answer.user));
    return questions;
  }
};

const RegisterNode registered(std::make_unique<ThoughtsOfAModel>());

}  // namespace

std::string add_code_thoughts(GraphBuilder& builder, const CodeThoughts& thoughts) {
  const int64_t rows = 2 * thoughts.code_tasks + thoughts.chat_rows;
  return builder.add(
      {.kind = "code-thoughts",
       .options = {{"trigger", thoughts.trigger},
                   {"variant", thoughts.variant},
                   {"code_tasks", thoughts.code_tasks},
                   {"scratchpad_tokens", kReasonedTokens}},
       .inputs = {{"chat", thoughts.chat}},
       .models = {{"model", thoughts.model}},
       .files = {{"tasks", thoughts.tasks}, {"few-shots", home_folder() / "prompts/scratchpad/few-shot.yaml"}},
       .cost = sampling_cost(rows, kReasonedTokens)});
}

}  // namespace dormouse::lab
