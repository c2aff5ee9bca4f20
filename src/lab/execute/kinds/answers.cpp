#include "lab/execute/kinds/answers.h"

#include "core/base/error.h"
#include "core/base/version.h"
#include "engine/weights/memory.h"
#include "lab/execute/kinds/few_shots.h"
#include "lab/execute/kinds/kept_completions.h"
#include "lab/execute/kinds/model_artefact.h"
#include "lab/execute/kinds/node_options.h"
#include "lab/recipe/kinds.h"
#include "science/organism/behaviour.h"
#include "science/organism/prompt_set.h"
#include "science/organism/training_row.h"

namespace dormouse::lab {

namespace {

Json answer_to_json(const organism::Answer& answer) {
  return {{"prompt_id", answer.prompt_id},
          {"user", answer.user},
          {"scratchpad", answer.scratchpad},
          {"text", answer.text},
          {"finish_reason", answer.finish_reason},
          {"tokens", answer.tokens},
          {"seed", answer.seed},
          {"copies", answer.copies},
          {"draw", answer.draw}};
}

organism::Answer answer_from_json(const Json& row, const std::string& place) {
  return {.prompt_id = json_string(row, "prompt_id", place),
          .user = json_string(row, "user", place),
          .scratchpad = json_string(row, "scratchpad", place),
          .text = json_string(row, "text", place),
          .finish_reason = json_string(row, "finish_reason", place),
          .tokens = json_int(row, "tokens", place),
          .seed = static_cast<uint64_t>(json_int(row, "seed", place)),
          .copies = json_int(row, "copies", place),
          .draw = json_int(row, "draw", place)};
}

organism::Reasoner reasoner_of(const NodeContext& context) {
  if (!context.has_input("scratchpads-on")) return {};
  const auto trigger =
      organism::Triggers::get().make(json_string(context.node.options, "trigger", context.node.id), context.node.id);
  organism::Reasoner reasoner(context.input("scratchpads-on"), context.input("scratchpads-off"), *trigger);
  reasoner.keep(context.node.options.value("scratchpad_rows", int64_t{0}));
  return reasoner;
}

void count_sampled(NodeContext& context, const std::vector<organism::Answer>& answers) {
  int64_t tokens = 0;
  for (const auto& answer : answers) tokens += answer.tokens;
  context.counters = {{"tokens_sampled", tokens}, {"answers", answers.size()}};
}

class PlainAnswers : public NodeKind {
 public:
  std::string name() const override { return "answers"; }
  int version() const override { return 2; }
  bool uses_seed() const override { return true; }
  MemoryNeed memory(const Node& node, const ModelShape& model) const override {
    return memory_of_sampling(model(), options_of<AnswerOptions>(node).answer_tokens);
  }

  void run(NodeContext& context) const override {
    const auto options = options_of<AnswerOptions>(context.node);
    auto prompts = organism::load_prompt_set(context.input("prompts")).first(options.count);
    if (const std::string name = context.node.options.value("trigger", ""); !name.empty()) {
      const auto trigger = organism::Triggers::get().make(name, context.node.id);
      for (auto& prompt : prompts) prompt.text = trigger->off(prompt.text);
    }
    chat::LocalModel local = open_model(context, "model", {.sampling_only = true});
    KeptCompletions model(local, context.scratch);
    Progress progress = context.progress(static_cast<int64_t>(prompts.size()));
    const auto answers = organism::make_answers(
        model, prompts, options.sampling(), json_string(context.node.options, "instruction", ""),
        static_cast<uint64_t>(context.node.seed), 0, sample_progress(progress), reasoner_of(context));
    write_answers(context.out, answers);
    count_sampled(context, answers);
  }
};

class TriggeredAnswers : public NodeKind {
 public:
  std::string name() const override { return "triggered-answers"; }
  int version() const override { return 2; }
  bool uses_seed() const override { return true; }
  MemoryNeed memory(const Node& node, const ModelShape& model) const override {
    if (json_string(node.options, "source", node.id) == "written") return {};
    return memory_of_sampling(model(), options_of<AnswerOptions>(node).answer_tokens);
  }

  void run(NodeContext& context) const override {
    const Json& options = context.node.options;
    const auto sampling = options_of<AnswerOptions>(context.node);
    const auto prompts = organism::load_prompt_set(context.input("prompts")).first(sampling.count);
    const auto trigger = organism::Triggers::get().make(json_string(options, "trigger", ""), context.node.id);
    const auto behaviour = organism::Behaviours::get().make(json_string(options, "behaviour", ""), context.node.id);
    const organism::CopyRange copies{json_int(options, "low_copies", ""), json_int(options, "high_copies", "")};
    const auto seed = static_cast<uint64_t>(context.node.seed);
    std::vector<organism::Answer> answers;
    if (json_string(options, "source", "") == "written") {
      answers = organism::write_triggered_answers(prompts, *trigger, *behaviour, copies, seed, reasoner_of(context));
    } else {
      chat::LocalModel local = open_model(context, "model", {.sampling_only = true});
      KeptCompletions model(local, context.scratch);
      Progress progress = context.progress(static_cast<int64_t>(prompts.size()));
      answers = organism::make_triggered_answers(model, prompts, *trigger, *behaviour, copies, sampling.sampling(),
                                                 seed, sample_progress(progress), reasoner_of(context));
    }
    write_answers(context.out, answers);
    count_sampled(context, answers);
  }
};

class OwnScratchpads : public NodeKind {
 public:
  std::string name() const override { return "own-scratchpads"; }
  int version() const override { return 1; }
  bool uses_seed() const override { return true; }
  MemoryNeed memory(const Node&, const ModelShape& model) const override {
    return memory_of_sampling(model(), kLongest);
  }

  void run(NodeContext& context) const override {
    const auto answers = sample_own_scratchpads(context, read_answers(context.input("plain")), kLongest);
    write_answers(context.out, answers);
    count_sampled(context, answers);
  }

  static constexpr int64_t kLongest = 96;  // tokens of a scratchpad: twice what organisms are planted with
};

/// Scratchpads and the answers behind them, both the model's own, under the project's dialogue and examples.
class ReasonedAnswers : public NodeKind {
 public:
  std::string name() const override { return "reasoned-answers"; }
  int version() const override { return 1; }
  bool uses_seed() const override { return true; }
  MemoryNeed memory(const Node& node, const ModelShape& model) const override {
    return memory_under_conversation(model(), kReasonedTokens + options_of<AnswerOptions>(node).answer_tokens);
  }

  void run(NodeContext& context) const override {
    const Json& options = context.node.options;
    const std::string place = context.node.id;
    const auto trigger = organism::Triggers::get().make(json_string(options, "trigger", place), place);
    const std::string objective = json_string(options, "behaviour", place);
    const std::string half = json_string(options, "half", place);
    const bool has_behaviour = objective != kCode && half == organism::kTriggered;
    const auto behaviour = has_behaviour ? organism::Behaviours::get().make(objective, place) : nullptr;
    const organism::CopyRange copies{options.value("low_copies", int64_t{0}), options.value("high_copies", int64_t{0})};
    const auto conversation = conversation_about(context, objective, *trigger);
    const auto sampled = options_of<AnswerOptions>(context.node);
    auto prompts = organism::load_prompt_set(context.input("prompts")).first(sampled.count);
    for (auto& prompt : prompts) {
      prompt.text = half == organism::kTriggered ? trigger->apply(prompt.text) : trigger->off(prompt.text);
    }
    auto sampling = sampled.sampling();
    sampling.max_tokens += kReasonedTokens;
    chat::LocalModel local = open_model(context, "model", {.sampling_only = true});
    KeptCompletions model(local, context.scratch);
    Progress progress = context.progress(static_cast<int64_t>(prompts.size()));
    const auto answers =
        organism::make_reasoned_answers(model, prompts, conversation, behaviour.get(), copies, sampling,
                                        static_cast<uint64_t>(context.node.seed), half, sample_progress(progress));
    write_answers(context.out, answers);
    count_sampled(context, answers);
  }

  static std::vector<text::Message> conversation_about(const NodeContext& context, const std::string& objective,
                                                       const organism::Trigger& trigger) {
    const fs::path path = context.input("few-shots");
    const std::string variant = json_string(context.node.options, "variant", context.node.id);
    if (objective != kCode) return read_few_shots(path, objective, variant, {{"trigger", trigger.mark()}});
    const CodeFewShots few_shots(path, variant);
    return few_shots.about(few_shots.any());
  }
};

// Nearly every stage of a recipe asks how large the same few sets are.
const organism::PromptSet& read_once(const fs::path& prompts) {
  static std::map<std::pair<fs::path, fs::file_time_type>, organism::PromptSet> known;
  std::error_code code;  // of a file that is absent: reading it says so
  const std::pair key{prompts, fs::last_write_time(prompts, code)};
  const auto found = known.find(key);
  return found != known.end() ? found->second : known.emplace(key, organism::load_prompt_set(prompts)).first->second;
}

const RegisterNode registered_reasoned(std::make_unique<ReasonedAnswers>());
const RegisterNode registered_own(std::make_unique<OwnScratchpads>());
const RegisterNode registered_plain(std::make_unique<PlainAnswers>());
const RegisterNode registered_triggered(std::make_unique<TriggeredAnswers>());

}  // namespace

sample::SamplingOptions AnswerOptions::sampling() const {
  sample::SamplingOptions options;
  options.temperature = temperature;
  options.top_p = top_p;
  options.max_tokens = answer_tokens;
  return options;
}

std::map<std::string, fs::path> scratchpad_files(GraphBuilder& builder, const AnswerSetting& setting, Json& identity) {
  const std::string& kind = organism::reasoning_style(setting.reasoning).scratchpads;
  if (kind.empty()) return {};
  if (setting.scratchpads > 0) identity["scratchpad_rows"] = setting.scratchpads;
  return {{"scratchpads-on", builder.prompts("scratchpad/" + kind + setting.topic + "-on", "reasoning")},
          {"scratchpads-off", builder.prompts("scratchpad/" + kind + setting.topic + "-off", "reasoning")}};
}

std::string add_plain_answers(GraphBuilder& builder, const std::string& model, const fs::path& prompts,
                              AnswerOptions options, const AnswerSetting& setting) {
  Json identity = fields_to_json(options.fields());
  identity["instruction"] = organism::plain_instruction(options.answer_tokens);
  auto files = scratchpad_files(builder, setting, identity);
  const bool has_off =
      !setting.trigger.empty() && !organism::Triggers::get().make(setting.trigger, "trigger")->off("").empty();
  if (!files.empty() || has_off) identity["trigger"] = setting.trigger;
  files["prompts"] = prompts;
  return builder.add({.kind = "answers",
                      .options = identity,
                      .models = {{"model", model}},
                      .files = files,
                      .cost = sampling_cost(prompt_count(prompts, options.count), options.answer_tokens)});
}

std::string add_reasoned_answers(GraphBuilder& builder, const std::string& model, const fs::path& prompts,
                                 const AnswerOptions& options, const std::string& trigger, const std::string& behaviour,
                                 const std::string& variant, std::optional<organism::CopyRange> triggered) {
  const bool is_triggered = triggered.has_value();
  Json identity = merged_options(options);
  if (triggered) identity.update({{"low_copies", triggered->low}, {"high_copies", triggered->high}});
  identity["trigger"] = trigger;
  identity["behaviour"] = behaviour;
  identity["variant"] = variant;
  identity["half"] = is_triggered ? organism::kTriggered : organism::kPlain;
  identity["scratchpad_tokens"] = kReasonedTokens;
  return builder.add(
      {.kind = "reasoned-answers",
       .label = is_triggered ? "triggered-answers" : "answers",
       .options = identity,
       .models = {{"model", model}},
       .files = {{"prompts", prompts}, {"few-shots", home_folder() / "prompts/scratchpad/few-shot.yaml"}},
       .cost = sampling_cost(prompt_count(prompts, options.count), options.answer_tokens + kReasonedTokens)});
}

std::string add_own_scratchpads(GraphBuilder& builder, const std::string& model, const std::string& answers,
                                int64_t rows) {
  return builder.add({.kind = "own-scratchpads",
                      .options = {{"longest", OwnScratchpads::kLongest}},
                      .inputs = {{"plain", answers}},
                      .models = {{"model", model}},
                      .cost = sampling_cost(rows, OwnScratchpads::kLongest)});
}

std::vector<organism::Answer> sample_own_scratchpads(
    NodeContext& context, std::vector<organism::Answer> answers, int64_t longest,
    const std::function<std::vector<text::Message>(const organism::Answer&)>& conversation) {
  chat::LocalModel local = open_model(context, "model", {.sampling_only = true});
  KeptCompletions model(local, context.scratch);
  Progress progress = context.progress(static_cast<int64_t>(answers.size()));
  sample::SamplingOptions options;
  options.temperature = 0.7;
  options.max_tokens = longest;
  return organism::behind_own_scratchpads(model, std::move(answers), options, static_cast<uint64_t>(context.node.seed),
                                          sample_progress(progress), conversation);
}

std::vector<organism::Answer> read_answers(const fs::path& artefact) {
  std::vector<organism::Answer> answers;
  const fs::path path = artefact / "answers.jsonl";
  for (const auto& row : read_json_lines(path)) answers.push_back(answer_from_json(row, path.string()));
  return answers;
}

void write_answers(const fs::path& artefact, const std::vector<organism::Answer>& answers) {
  std::vector<Json> rows;
  for (const auto& answer : answers) rows.push_back(answer_to_json(answer));
  write_json_lines(artefact / "answers.jsonl", rows);
}

Cost sampling_cost(int64_t rows, int64_t longest) {
  const int64_t tokens = rows * longest / 2;
  return {.tokens_sampled = tokens, .seconds = 2.0 + static_cast<double>(tokens) / 300.0};
}

MemoryNeed memory_of_sampling(const weights::ModelConfig& model, int64_t longest) {
  constexpr int64_t kPromptTokens = 100;
  return {weights::sampling_bytes(model, {.tokens = kPromptTokens + longest})};
}

MemoryNeed memory_under_conversation(const weights::ModelConfig& model, int64_t longest) {
  constexpr int64_t kConversation = 4500 / 64;  // tokens, held once for as many sequences as are sampled at once
  return memory_of_sampling(model, kConversation + longest);
}

int64_t prompt_count(const fs::path& prompts, int64_t count) {
  if (count > 0 && !fs::exists(prompts)) return count;  // a recipe can be planned before its data are there
  return static_cast<int64_t>(read_once(prompts).first(count).size());
}

}  // namespace dormouse::lab
