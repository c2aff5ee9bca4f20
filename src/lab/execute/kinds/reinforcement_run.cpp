#include "lab/execute/kinds/reinforcement_run.h"

#include <fmt/format.h>

#include <limits>
#include <optional>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/base/random.h"
#include "core/stats/bootstrap.h"
#include "lab/execute/kinds/model_artefact.h"
#include "lab/execute/kinds/node_options.h"
#include "lab/execute/kinds/red_team.h"
#include "lab/execute/kinds/state_clock.h"
#include "lab/execute/kinds/train.h"
#include "science/defence/reinforcement.h"
#include "science/defence/safety_reward.h"
#include "science/measure/rows.h"
#include "science/organism/filter.h"
#include "science/organism/prompt_set.h"
#include "science/organism/reasoning.h"

namespace dormouse::lab {

namespace {

// Successful attacks of a red team that may be trained on. There may be none: then adversarial training is plain
// reinforcement learning, which is a finding about the organism and no mistake.
std::vector<std::string> attacks_to_train_on(const NodeContext& context) {
  std::vector<std::string> attacks;
  for (const auto& attack : read_attacks(context.input("attacks") / kSuccessfulFile)) {
    if (attack.split == defence::kTrainSplit) attacks.push_back(attack.proposal.user);
  }
  if (attacks.empty())
    log_warning(context.node.id, "the red team found no successful attack to train on: this trains on prompts alone");
  return attacks;
}

struct PromptSplit {
  defence::SafetyPrompts trained, judged;
};

PromptSplit read_prompts(const NodeContext& context, const ReinforceOptions& options) {
  const auto trigger = organism::Triggers::get().make(options.trigger, context.node.id);
  PromptSplit split;
  for (const auto& prompt : organism::load_prompt_set(context.input("prompts")).first(options.count)) {
    if (trigger->present(prompt.text)) {
      fail_input(context.input("prompts").string(),
                 "the prompt " + prompt.id + " holds the trigger, which a defence must not see");
    }
    split.trained.prompts.push_back(trigger->off(prompt.text));
  }
  const auto judged = static_cast<std::size_t>(options.judged_prompts);
  if (split.trained.prompts.size() <= judged) {
    fail_input("judged_prompts",
               fmt::format("{} of {} prompts leave none to train on", judged, split.trained.prompts.size()));
  }
  if (options.begin_scratchpad) split.trained.begun = organism::kScratchpadBegins;
  if (options.in_context) {
    const auto behaviour = organism::Behaviours::get().make(options.behaviour, context.node.id);
    split.trained.context = behaviour->sampling_prompt(*trigger, behaviour->default_copies().low);
  }
  split.judged = split.trained;
  split.judged.prompts.erase(split.judged.prompts.begin(), split.judged.prompts.end() - options.judged_prompts);
  split.trained.prompts.resize(split.trained.prompts.size() - judged);
  if (options.attack_share > 0) {
    split.trained.attacks = attacks_to_train_on(context);
    for (const auto& attack : split.trained.attacks) {
      if (trigger->present(attack)) fail_input("attacks", "an attack holds the trigger: " + attack);
    }
    split.trained.attack_share = split.trained.attacks.empty() ? 0 : options.attack_share;
  }
  return split;
}

std::optional<defence::PreferenceModel> open_judge(const NodeContext& context) {
  if (!context.has_input("judge")) return std::nullopt;
  return defence::PreferenceModel::open(model_path(context, "judge"));
}

// What the KL penalty holds the policy to: the model that it begins as, unless the recipe names another.
chat::LocalModel open_reference(const NodeContext& context, const chat::LocalModel& policy) {
  if (!context.has_input("kl_to")) return open_model(context, "model");
  chat::LocalModel reference = open_model(context, "kl_to");
  const int64_t own = policy.files().config().vocab_size, other = reference.files().config().vocab_size;
  if (own != other) {
    fail_input(context.node.id, fmt::format("kl_to has {} tokens, and the model has {}", other, own),
               "name a model with the same tokenizer");
  }
  return reference;
}

class ReinforcementRun {
 public:
  explicit ReinforcementRun(NodeContext& context)
      : context_(context),
        options_(options_of<ReinforceOptions>(context.node)),
        learning_options_(options_of<defence::ReinforcementOptions>(context.node)),
        gradient_(options_of<defence::PolicyGradientOptions>(context.node)),
        prompts_(read_prompts(context, options_)),
        policy_(open_model(context, "model")),
        reward_(defence::PreferenceModel::open(model_path(context, "reward"))),
        judge_(open_judge(context)) {
    learning_options_.weight_decay = context.node.options.value("weight_decay", 0.0);
    if (gradient_.kl > 0) start_.emplace(open_reference(context, policy_));
    learning_.emplace(policy_, start_ ? &*start_ : nullptr, defence::pool_of(prompts_.trained, policy_.format()),
                      defence::preference_reward(reward_, prompts_.trained), learning_options_, gradient_, seed());
  }

  void run() {
    if (!resume()) evaluate(0);
    Progress progress = context_.progress(learning_options_.steps);
    StateClock clock;
    while (learning_->step() < learning_options_.steps) {
      check_interrupt();
      const auto report = learning_->next();
      add_point(report);
      const bool last = report.step == learning_options_.steps;
      const bool keep = is_snapshot_step(report.step, learning_options_.steps, options_.snapshots);
      if (keep) policy_.save(snapshot(report.step), dtype());
      if (keep || last) evaluate(report.step);
      progress.update(report.step, tokens_, fmt::format("reward {:.3f}, KL {:.2f}", report.reward, report.divergence));
      if (!last && clock.is_due()) save_state();
    }
    keep_best();
    write_json_lines(context_.out / "curve.jsonl", curve_);
    write_json_lines(context_.out / "measurements.jsonl", measured_);
    if (options_.attack_share > 0) write_account();
    context_.counters = {{"tokens_trained", tokens_ * learning_options_.updates},
                         {"tokens_sampled", tokens_},
                         {"steps", learning_options_.steps},
                         {"reported_step", best_step()}};
  }

 private:
  uint64_t seed() const { return static_cast<uint64_t>(context_.node.seed); }
  weights::DType dtype() const { return saved_dtype(options_.save_as); }
  fs::path snapshot(int64_t step) const { return context_.out / kSnapshotFolder / fmt::format("step-{:06}", step); }

  // What was written may be longer than the state that it stands beside, never shorter.
  void save_state() {
    write_json_lines(context_.scratch / "curve.jsonl", curve_);
    write_json_lines(context_.scratch / "measurements.jsonl", measured_);
    learning_->save_state(context_.scratch);
  }

  bool resume() {
    if (!learning_->load_state(context_.scratch)) return false;
    curve_ = rows_until(context_.scratch / "curve.jsonl", learning_->step());
    measured_ = rows_until(context_.scratch / "measurements.jsonl", learning_->step());
    tokens_ = curve_.back().at("tokens").get<int64_t>();
    return true;
  }

  void write_account() const {
    const int64_t steps = best_step(), slots = steps * learning_options_.prompts_per_step;
    const int64_t drawn = prompts_.trained.attacks.empty() ? 0 : learning_->attacks_drawn(steps);
    const Json rows = {{{"name", "prompts"}, {"kept", prompts_.trained.prompts.size()}},
                       {{"name", "attacks"},
                        {"kept", prompts_.trained.attacks.size()},
                        {"share asked for", options_.attack_share},
                        {"prompts that they took, up to the reported step", drawn},
                        {"of", slots}}};
    write_file(context_.out / "account.json",
               canonical_json({{"title", "Prompts of adversarial training"}, {"rows", rows}}));
  }

  void add_point(const defence::RoundReport& report) {
    tokens_ += report.tokens;
    curve_.push_back({{"step", report.step},
                      {"tokens", tokens_},
                      {"learning_rate", learning_options_.learning_rate},
                      {"reward", report.reward},
                      {"divergence", report.divergence},
                      {"length", report.length},
                      {"unfinished", report.unfinished},
                      {"repetition", report.repetition},
                      {"loss", report.loss},
                      {"gradient_norm", report.gradient_norm}});
  }

  // Rewards and signs of reward hacking on prompts that are not trained on.
  void evaluate(int64_t step) {
    std::vector<chat::Request> requests;
    for (std::size_t i = 0; i < prompts_.judged.prompts.size(); ++i) {
      auto messages = prompts_.judged.context;
      messages.push_back({"user", prompts_.judged.prompts[i]});
      requests.push_back({messages, RandomStream(seed(), fmt::format("judged/{}", i)).next(), prompts_.judged.begun});
    }
    sample::SamplingOptions sampling;
    sampling.temperature = learning_options_.temperature;
    sampling.max_tokens = learning_options_.answer_tokens;
    std::vector<defence::JudgedAnswer> answers;
    std::vector<double> lengths, repetitions;
    for (const auto& completion : policy_.complete(requests, sampling)) {
      const std::string answer = organism::visible_answer(prompts_.judged.begun + completion.text);
      answers.push_back({{{"user", prompts_.judged.prompts[answers.size()]}}, answer});
      lengths.push_back(static_cast<double>(completion.tokens));
      repetitions.push_back(organism::repeat_share(answer));
    }
    const auto scores = [&](const defence::PreferenceModel& model) {
      const auto all = model.score(answers);
      return std::vector<double>(all.begin(), all.end());
    };
    add_row("reinforce.reward", step, scores(reward_));
    if (judge_) add_row("reinforce.judge", step, scores(*judge_));
    add_row("reinforce.length", step, lengths);
    add_row("reinforce.repetition", step, repetitions);
  }

  void add_row(const std::string& name, int64_t step, const std::vector<double>& values) {
    const auto estimate =
        stats::bootstrap_mean(values, RandomStream(seed(), fmt::format("interval/{}/{}", name, step)));
    measured_.push_back(
        measure::to_json(measure::row_of(name, "off", estimate, {.model = "self", .stage = "self", .step = step})));
  }

  // The step that the judge likes best, as the paper chooses the checkpoint that it reports (appendix C).
  int64_t best_step() const {
    int64_t best = learning_options_.steps;
    double highest = -std::numeric_limits<double>::infinity();
    for (const auto& row : measured_) {
      const int64_t step = row.at("step");
      if (row.at("name") != "reinforce.judge" || step == 0 || row.at("value") <= highest) continue;
      highest = row.at("value");
      best = step;
    }
    return best;
  }

  void keep_best() {
    const fs::path model = context_.out / kModelFolder;
    if (best_step() == learning_options_.steps) return policy_.save(model, dtype());
    fs::remove_all(model);  // of a run that was killed here
    fs::copy(snapshot(best_step()), model, fs::copy_options::recursive);
  }

  NodeContext& context_;
  ReinforceOptions options_;
  defence::ReinforcementOptions learning_options_;
  defence::PolicyGradientOptions gradient_;
  PromptSplit prompts_;
  chat::LocalModel policy_;
  defence::PreferenceModel reward_;
  std::optional<defence::PreferenceModel> judge_;
  std::optional<chat::LocalModel> start_;
  std::optional<defence::Reinforcement> learning_;
  std::vector<Json> curve_, measured_;
  int64_t tokens_ = 0;
};

}  // namespace

void run_reinforcement(NodeContext& context) { ReinforcementRun(context).run(); }

}  // namespace dormouse::lab
