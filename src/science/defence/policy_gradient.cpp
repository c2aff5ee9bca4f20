#include "science/defence/policy_gradient.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/base/error.h"

namespace dormouse::defence {

namespace {

constexpr double kSmallest = 1e-8;  // a deviation that is divided by

struct Moments {
  double sum = 0, squares = 0;
  int64_t count = 0;

  void add(double value) {
    sum += value;
    squares += value * value;
    ++count;
  }
  double mean() const { return sum / static_cast<double>(count); }
  double deviation() const { return std::sqrt(std::max(0.0, squares / static_cast<double>(count) - mean() * mean())); }
};

double divergence(const ScoredSample& sample, std::size_t token) {
  return double{sample.log_probs[token]} - double{sample.reference[token]};
}

std::vector<Advantage> ppo_advantages(std::span<const ScoredSample> samples, const PolicyGradientOptions& options) {
  std::vector<Advantage> all;
  Moments moments;
  for (const auto& sample : samples) {
    std::vector<double> rewards(sample.log_probs.size());
    for (std::size_t t = 0; t < rewards.size(); ++t) rewards[t] = -options.kl * divergence(sample, t);
    if (!rewards.empty()) rewards.back() += sample.reward;
    all.push_back(generalised_advantage(rewards, sample.values, options.gamma, options.lambda));
    for (const double advantage : all.back().advantages) moments.add(advantage);
  }
  for (auto& one : all) {
    for (double& advantage : one.advantages)
      advantage = (advantage - moments.mean()) / (moments.deviation() + kSmallest);
  }
  return all;
}

// The reward that a group compares: under rloo with the divergence in it.
double compared_reward(const ScoredSample& sample, const PolicyGradientOptions& options) {
  double reward = sample.reward;
  if (options.algorithm == "grpo") return reward;
  for (std::size_t t = 0; t < sample.log_probs.size(); ++t) reward -= options.kl * divergence(sample, t);
  return reward;
}

std::vector<Advantage> group_advantages(std::span<const ScoredSample> samples, const PolicyGradientOptions& options) {
  std::map<std::size_t, Moments> groups;
  for (const auto& sample : samples) groups[sample.group].add(compared_reward(sample, options));
  std::vector<Advantage> all;
  for (const auto& sample : samples) {
    const Moments& group = groups[sample.group];
    const double reward = compared_reward(sample, options), others = static_cast<double>(group.count - 1);
    double advantage = 0;
    if (group.count > 1) {
      advantage = options.algorithm == "grpo" ? (reward - group.mean()) / (group.deviation() + kSmallest)
                                              : reward - (group.sum - reward) / others;
    }
    all.push_back({std::vector<double>(sample.log_probs.size(), advantage), {}});
  }
  return all;
}

}  // namespace

Advantage generalised_advantage(std::span<const double> rewards, std::span<const float> values, double gamma,
                                double lambda) {
  DORMOUSE_ASSERT(rewards.size() == values.size());
  Advantage made{std::vector<double>(rewards.size()), std::vector<double>(rewards.size())};
  double next_value = 0, next_advantage = 0;
  for (std::size_t t = rewards.size(); t-- > 0;) {
    const double delta = rewards[t] + gamma * next_value - values[t];
    next_advantage = made.advantages[t] = delta + gamma * lambda * next_advantage;
    made.returns[t] = next_advantage + values[t];
    next_value = values[t];
  }
  return made;
}

std::vector<Advantage> advantages(std::span<const ScoredSample> samples, const PolicyGradientOptions& options) {
  for (const auto& sample : samples) DORMOUSE_ASSERT(sample.log_probs.size() == sample.reference.size());
  return options.algorithm == "ppo" ? ppo_advantages(samples, options) : group_advantages(samples, options);
}

TokenLoss policy_loss(double log_prob, double old, double reference, double advantage,
                      const PolicyGradientOptions& options) {
  const double ratio = std::exp(log_prob - old);
  const double clamped = std::clamp(ratio, 1 - options.clip, 1 + options.clip);
  TokenLoss term;
  term.loss = -std::min(ratio * advantage, clamped * advantage);
  if (ratio * advantage <= clamped * advantage) term.gradient = -ratio * advantage;
  if (options.algorithm == "grpo") {
    const double away = reference - log_prob;
    term.loss += options.kl * (std::exp(away) - away - 1);
    term.gradient += options.kl * (1 - std::exp(away));
  }
  return term;
}

TokenLoss value_loss(double value, double old, double target, double clip) {
  const double clamped = old + std::clamp(value - old, -clip, clip);
  const double plain = (value - target) * (value - target), held = (clamped - target) * (clamped - target);
  if (plain >= held) return {0.5 * plain, value - target};
  return {0.5 * held, clamped == value ? value - target : 0.0};
}

}  // namespace dormouse::defence
