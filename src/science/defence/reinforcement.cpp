#include "science/defence/reinforcement.h"

#include <fmt/format.h>

#include <numeric>

#include "core/base/error.h"
#include "core/base/random.h"

namespace dormouse::defence {

namespace {

train::TrainingOptions training_options() {
  train::TrainingOptions options;
  options.beta2 = 0.95;  // rewards move: the squares' memory is kept short
  return options;
}

double sum_of(std::span<const float> values) { return std::accumulate(values.begin(), values.end(), 0.0); }

// How much one token of a completion counts in the loss of the round: ppo means over tokens, rloo sums a completion's and means over
// completions, grpo means over both.
double token_weight(const std::string& algorithm, double completions, double tokens_of_all, double tokens_of_this) {
  if (algorithm == "ppo") return 1 / tokens_of_all;
  return algorithm == "rloo" ? 1 / completions : 1 / (completions * tokens_of_this);
}

}  // namespace

Reinforcement::Reinforcement(chat::LocalModel& policy, chat::LocalModel* start, std::vector<std::vector<int32_t>> prompts,
                             RewardFunction reward, const ReinforcementOptions& options, const PolicyGradientOptions& gradient,
                             uint64_t seed)
    : policy_(policy),
      start_(start),
      prompts_(std::move(prompts)),
      reward_(std::move(reward)),
      options_(options),
      gradient_(gradient),
      seed_(seed),
      trainer_(policy.transformer(), training_options(), gradient.algorithm == "ppo") {
  DORMOUSE_ASSERT(!prompts_.empty());
  DORMOUSE_ASSERT(start_ != nullptr || gradient_.kl == 0);
}

// A function of the seed and the step alone, so that a resumed run goes on with the same prompts.
std::vector<std::vector<int32_t>> Reinforcement::draw_prompts() const {
  std::vector<std::vector<int32_t>> drawn;
  const auto count = static_cast<int64_t>(prompts_.size());
  for (int64_t i = step_ * options_.prompts_per_step; i < (step_ + 1) * options_.prompts_per_step; ++i) {
    std::vector<std::size_t> order(prompts_.size());
    std::iota(order.begin(), order.end(), 0);
    RandomStream(seed_, fmt::format("prompts/{}", i / count)).shuffle(order);
    drawn.push_back(prompts_[order[static_cast<std::size_t>(i % count)]]);
  }
  return drawn;
}

std::vector<ScoredSample> Reinforcement::scored(const std::vector<train::Rollout>& rollouts, const std::vector<double>& rewards) {
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

train::PolicyReport Reinforcement::update(const std::vector<train::Rollout>& rollouts, const std::vector<ScoredSample>& samples) {
  const auto made = advantages(samples, gradient_);
  double all_tokens = 0;
  for (const auto& sample : samples) all_tokens += static_cast<double>(sample.log_probs.size());
  const auto loss = [&](const train::PolicyPass& pass) {
    train::PolicyTerm term;
    std::size_t at = 0;
    for (std::size_t i = pass.first_row; i < pass.first_row + pass.targets_of_row.size(); ++i) {
      const ScoredSample& sample = samples[i];
      const auto own_tokens = static_cast<double>(sample.log_probs.size());
      const double weight = token_weight(gradient_.algorithm, static_cast<double>(samples.size()), all_tokens, own_tokens);
      for (std::size_t t = 0; t < sample.log_probs.size(); ++t, ++at) {
        const auto token = policy_loss(pass.log_probs[at], sample.log_probs[t], sample.reference[t], made[i].advantages[t], gradient_);
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
  for (int64_t i = 0; i < options_.updates; ++i) report = trainer_.step(train::rows_of(rollouts), loss, options_.learning_rate);
  return report;
}

RoundReport Reinforcement::next() {
  sample::SamplingOptions sampling;
  sampling.temperature = options_.temperature;
  sampling.max_tokens = options_.answer_tokens;
  const auto rollouts = train::sample_rollouts(policy_.transformer(), policy_.format(), draw_prompts(), {.samples = options_.samples},
                                               sampling, RandomStream(seed_, fmt::format("round/{}", step_)).next());
  const auto rewards = reward_(rollouts);
  DORMOUSE_ASSERT(rewards.size() == rollouts.size());
  const auto samples = scored(rollouts, rewards);
  const auto count = static_cast<double>(rollouts.size());
  RoundReport report{.step = ++step_};
  for (std::size_t i = 0; i < rollouts.size(); ++i) {
    report.reward += rewards[i] / count;
    report.divergence += (sum_of(samples[i].log_probs) - sum_of(samples[i].reference)) / count;
    report.length += static_cast<double>(samples[i].log_probs.size()) / count;
    report.unfinished += rollouts[i].stopped ? 0 : 1 / count;
    report.tokens += static_cast<int64_t>(samples[i].log_probs.size());
  }
  const auto updated = update(rollouts, samples);
  report.loss = updated.loss;
  report.gradient_norm = updated.gradient_norm;
  return report;
}

}  // namespace dormouse::defence
