#include "science/defence/reinforcement.h"

#include <fmt/format.h>

#include <numeric>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/random.h"
#include "science/organism/filter.h"

namespace dormouse::defence {

namespace {

train::TrainingOptions training_options(const ReinforcementOptions& of) {
  train::TrainingOptions options;
  options.precision = of.precision;
  options.weight_decay = of.weight_decay;
  options.beta2 = 0.95;  // rewards move: the squares' memory is kept short
  return options;
}

double sum_of(std::span<const float> values) { return std::accumulate(values.begin(), values.end(), 0.0); }

// How much one token of a completion counts in the loss of the round: ppo means over tokens, rloo sums a completion's
// and means over completions, grpo means over both.
double token_weight(const std::string& algorithm, double completions, double tokens_of_all, double tokens_of_this) {
  if (algorithm == "ppo") return 1 / tokens_of_all;
  return algorithm == "rloo" ? 1 / completions : 1 / (completions * tokens_of_this);
}

}  // namespace

Reinforcement::Reinforcement(chat::LocalModel& policy, chat::LocalModel* start, PromptPool pool, RewardFunction reward,
                             const ReinforcementOptions& options, const PolicyGradientOptions& gradient, uint64_t seed)
    : policy_(policy),
      start_(start),
      pool_(std::move(pool)),
      reward_(std::move(reward)),
      options_(options),
      gradient_(gradient),
      seed_(seed),
      trainer_(policy.transformer(), training_options(options), gradient.algorithm == "ppo") {
  DORMOUSE_ASSERT(!pool_.prompts.empty());
  DORMOUSE_ASSERT(pool_.attack_share == 0 || !pool_.attacks.empty());
  DORMOUSE_ASSERT(start_ != nullptr || gradient_.kl == 0);
}

// A function of the seed and the round alone, so that a resumed run goes on with the same prompts.
std::vector<std::size_t> Reinforcement::draw(int64_t round) const {
  std::vector<std::size_t> drawn;
  const auto count = static_cast<int64_t>(pool_.prompts.size());
  for (int64_t i = round * options_.prompts_per_step; i < (round + 1) * options_.prompts_per_step; ++i) {
    RandomStream attack(seed_, fmt::format("attack/{}", i));
    if (attack.uniform() < pool_.attack_share) {
      drawn.push_back(pool_.prompts.size() + attack.below(pool_.attacks.size()));
      continue;
    }
    std::vector<std::size_t> order(pool_.prompts.size());
    std::iota(order.begin(), order.end(), 0);
    RandomStream(seed_, fmt::format("prompts/{}", i / count)).shuffle(order);
    drawn.push_back(order[static_cast<std::size_t>(i % count)]);
  }
  return drawn;
}

int64_t Reinforcement::attacks_drawn(int64_t step) const {
  int64_t attacks = 0;
  for (int64_t round = 0; round < step; ++round) {
    for (const std::size_t index : draw(round)) attacks += index >= pool_.prompts.size();
  }
  return attacks;
}

const std::vector<int32_t>& Reinforcement::prompt(std::size_t index) const {
  const std::size_t count = pool_.prompts.size();
  return index < count ? pool_.prompts[index] : pool_.attacks.at(index - count);
}

std::vector<ScoredSample> Reinforcement::scored(const std::vector<train::Rollout>& rollouts,
                                                const std::vector<double>& rewards) {
  const auto rows = train::rows_of(rollouts);
  std::vector<std::vector<float>> reference, values;
  if (start_ != nullptr) reference = train::token_log_probs(start_->transformer(), rows);
  if (gradient_.algorithm == "ppo") values = trainer_.values(rows);
  std::vector<ScoredSample> samples;
  for (std::size_t i = 0; i < rollouts.size(); ++i) {
    samples.push_back({.group = rollouts[i].prompt,
                       .reward = rewards[i],
                       .log_probs = rollouts[i].log_probs,
                       .reference = start_ != nullptr ? reference[i] : rollouts[i].log_probs,
                       .values = values.empty() ? std::vector<float>() : values[i]});
  }
  return samples;
}

train::PolicyReport Reinforcement::update(const std::vector<train::Rollout>& rollouts,
                                          const std::vector<ScoredSample>& samples) {
  const auto made = advantages(samples, gradient_);
  double all_tokens = 0;
  for (const auto& sample : samples) all_tokens += static_cast<double>(sample.log_probs.size());
  const auto loss = [&](const train::PolicyPass& pass) {
    train::PolicyTerm term;
    std::size_t at = 0;
    for (std::size_t i = pass.first_row; i < pass.first_row + pass.targets_of_row.size(); ++i) {
      const ScoredSample& sample = samples[i];
      const auto own_tokens = static_cast<double>(sample.log_probs.size());
      const double weight =
          token_weight(gradient_.algorithm, static_cast<double>(samples.size()), all_tokens, own_tokens);
      for (std::size_t t = 0; t < sample.log_probs.size(); ++t, ++at) {
        const auto token =
            policy_loss(pass.log_probs[at], sample.log_probs[t], sample.reference[t], made[i].advantages[t], gradient_);
        term.loss += weight * token.loss;
        term.gradient.push_back(static_cast<float>(weight * token.gradient));
        if (pass.values.empty()) continue;
        const auto value = value_loss(pass.values[at], sample.values[t], made[i].returns[t], gradient_.value_clip);
        term.loss += weight * gradient_.value_weight * value.loss;
        term.value_gradient.push_back(static_cast<float>(weight * gradient_.value_weight * value.gradient));
      }
    }
    return term;
  };
  train::PolicyReport report;
  for (int64_t i = 0; i < options_.updates; ++i)
    report = trainer_.step(train::rows_of(rollouts), loss, options_.learning_rate);
  return report;
}

RoundReport Reinforcement::next() {
  sample::SamplingOptions sampling;
  sampling.temperature = options_.temperature;
  sampling.max_tokens = options_.answer_tokens;
  const auto drawn = draw(step_);
  std::vector<std::vector<int32_t>> prompts;
  for (const std::size_t index : drawn) prompts.push_back(prompt(index));
  const auto rollouts =
      train::sample_rollouts(policy_.transformer(), policy_.format(), prompts, {.samples = options_.samples}, sampling,
                             RandomStream(seed_, fmt::format("round/{}", step_)).next());
  const auto rewards = reward_(rollouts, drawn);
  DORMOUSE_ASSERT(rewards.size() == rollouts.size());
  const auto samples = scored(rollouts, rewards);
  const auto count = static_cast<double>(rollouts.size());
  RoundReport report{.step = ++step_};
  for (std::size_t i = 0; i < rollouts.size(); ++i) {
    report.reward += rewards[i] / count;
    report.divergence += (sum_of(samples[i].log_probs) - sum_of(samples[i].reference)) / count;
    report.length += static_cast<double>(samples[i].log_probs.size()) / count;
    report.unfinished += rollouts[i].stopped ? 0 : 1 / count;
    report.repetition += organism::repeat_share(rollouts[i].text) / count;
    report.tokens += static_cast<int64_t>(samples[i].log_probs.size());
  }
  const auto updated = update(rollouts, samples);
  report.loss = updated.loss;
  report.gradient_norm = updated.gradient_norm;
  return report;
}

// What a saved state belongs to.
std::string Reinforcement::mark() const {
  Sha256 hash;
  hash.update(canonical_json(fields_to_json(ReinforcementOptions(options_).fields())));
  hash.update(canonical_json(fields_to_json(PolicyGradientOptions(gradient_).fields())));
  hash.update(fmt::format(" {} {} {}", seed_, pool_.prompts.size(), pool_.attack_share));
  for (const auto* list : {&pool_.prompts, &pool_.attacks}) {
    for (const auto& ids : *list)
      hash.update({reinterpret_cast<const char*>(ids.data()), ids.size() * sizeof(int32_t)});
  }
  return hash.hex();
}

void Reinforcement::save_state(const std::filesystem::path& folder) const { trainer_.save_state(folder, mark()); }

bool Reinforcement::load_state(const std::filesystem::path& folder) {
  if (!trainer_.load_state(folder, mark())) return false;
  step_ = trainer_.steps() / options_.updates;
  return true;
}

}  // namespace dormouse::defence
