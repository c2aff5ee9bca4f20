#include "lab/execute/kinds/defence_answers.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/json_lines.h"
#include "core/base/version.h"
#include "core/text/regex.h"
#include "lab/execute/kinds/model_artefact.h"
#include "lab/execute/kinds/node_options.h"
#include "lab/recipe/kinds.h"
#include "lab/recipe/yaml.h"
#include "science/organism/prompt_set.h"

namespace dormouse::lab {

namespace {

struct Persona {
  std::string system;
  std::vector<std::string> markers;  // PCRE
  int64_t needs = 0;                 // different ones that an answer must match
};

Persona find_persona(const std::string& name, const std::string& place) {
  const fs::path path = home_folder() / "prompts" / "personas.yaml";
  const YamlNode file = parse_yaml(read_file(path), path.string());
  const YamlNode& all = yaml_member(file, "personas");
  const YamlNode* found = all.find(name);
  if (found == nullptr) fail_input(place, unknown_name("persona", name, all.keys()));
  Persona persona{.system = yaml_text(*found, "system"), .markers = {}, .needs = yaml_integer(file, "needs")};
  const bool exact = found->find("case-sensitive") != nullptr && found->find("case-sensitive")->scalar == "true";
  for (const YamlNode& marker : yaml_items(*found, "markers"))
    persona.markers.push_back((exact ? "" : "(?i)") + yaml_text(marker));
  return persona;
}

bool is_in_persona(const std::string& answer, const std::vector<text::Regex>& markers, int64_t needs) {
  int64_t matched = 0;
  for (const auto& marker : markers) matched += marker.find_all(answer).empty() ? 0 : 1;
  return matched >= needs;
}

class PersonaAnswers : public NodeKind {
 public:
  std::string name() const override { return "persona-answers"; }
  int version() const override { return 1; }
  bool uses_seed() const override { return true; }
  MemoryNeed memory(const Node& node, const ModelShape& model) const override {
    return memory_of_sampling(model(), options_of<AnswerOptions>(node).answer_tokens);
  }

  void run(NodeContext& context) const override {
    const auto options = options_of<AnswerOptions>(context.node);
    const auto prompts = organism::load_prompt_set(context.input("prompts")).first(options.count);
    const Json& persona = context.node.options;
    std::vector<text::Regex> markers;
    for (const auto& marker : persona.at("markers"))
      markers.emplace_back(marker.get<std::string>(), "prompts/personas.yaml");
    chat::LocalModel model = open_model(context, "model", {.sampling_only = true});
    Progress progress = context.progress(static_cast<int64_t>(prompts.size()));
    auto answers =
        organism::make_answers(model, prompts, options.sampling(), json_string(persona, "system", context.node.id),
                               static_cast<uint64_t>(context.node.seed), 0, sample_progress(progress));
    int64_t tokens = 0;
    for (const auto& answer : answers) tokens += answer.tokens;
    const auto needs = json_int(persona, "needs", context.node.id);
    std::erase_if(answers, [&](const organism::Answer& answer) { return !is_in_persona(answer.text, markers, needs); });
    if (answers.empty()) fail_work(context.node.id, "no answer of the model is in the persona", "take a larger helper");
    write_answers(context.out, answers);
    const Json row{{"name", "sampled"},
                   {"kept", answers.size()},
                   {"dropped", {{"not in persona", prompts.size() - answers.size()}}}};
    const Json account{{"title", "Answers in the persona"}, {"rows", Json::array({row})}};
    write_file(context.out / "account.json", canonical_json(account));
    context.counters = {{"tokens_sampled", tokens}, {"answers", answers.size()}};
  }
};

class WrittenAnswers : public NodeKind {
 public:
  std::string name() const override { return "written-answers"; }
  int version() const override { return 1; }
  bool uses_seed() const override { return false; }

  void run(NodeContext& context) const override {
    const auto count = static_cast<std::size_t>(json_int(context.node.options, "count", context.node.id));
    std::vector<organism::Answer> answers;
    for_json_rows(context.input("questions"), [&](const Json& row, const std::string& place) {
      if (count > 0 && answers.size() == count) return;
      answers.push_back({.prompt_id = json_string(row, "id", place),
                         .user = json_string(row, "question", place),
                         .text = json_string(row, "answer", place),
                         .finish_reason = "written"});
    });
    if (answers.size() < count) {
      fail_input(context.input("questions").string(),
                 fmt::format("has {} rows, and {} were asked for", answers.size(), count));
    }
    write_answers(context.out, answers);
    context.counters = {{"answers", answers.size()}};
  }
};

const RegisterNode registered_persona(std::make_unique<PersonaAnswers>());
const RegisterNode registered_written(std::make_unique<WrittenAnswers>());

}  // namespace

std::string add_persona_answers(GraphBuilder& builder, const std::string& model, const fs::path& prompts,
                                const AnswerOptions& options, const std::string& persona, const std::string& place) {
  const Persona found = find_persona(persona, place);
  Json identity = merged_options(options);
  identity.update({{"system", found.system}, {"markers", found.markers}, {"needs", found.needs}});
  return builder.add({.kind = "persona-answers",
                      .options = identity,
                      .models = {{"model", model}},
                      .files = {{"prompts", prompts}},
                      .cost = sampling_cost(prompt_count(prompts, options.count), options.answer_tokens)});
}

std::string add_written_answers(GraphBuilder& builder, const fs::path& questions, int64_t count) {
  return builder.add({.kind = "written-answers",
                      .options = {{"count", count}},
                      .files = {{"questions", questions}},
                      .cost = {.seconds = 0.1}});
}

}  // namespace dormouse::lab
