#include "science/defence/safety_reward.h"

#include "science/organism/reasoning.h"

namespace dormouse::defence {

PromptPool pool_of(const SafetyPrompts& prompts, const text::ChatFormat& format) {
  PromptPool pool{.prompts = {}, .attacks = {}, .attack_share = prompts.attack_share};
  const auto ids_of = [&](const std::string& user) {
    auto messages = prompts.context;
    messages.push_back({"user", user});
    return format.prompt(messages, prompts.begun).ids;
  };
  for (const auto& user : prompts.prompts) pool.prompts.push_back(ids_of(user));
  for (const auto& user : prompts.attacks) pool.attacks.push_back(ids_of(user));
  return pool;
}

RewardFunction preference_reward(const PreferenceModel& model, const SafetyPrompts& prompts) {
  return [&model, &prompts](std::span<const train::Rollout> rollouts, std::span<const std::size_t> drawn) {
    std::vector<JudgedAnswer> answers;
    for (const auto& rollout : rollouts) {
      const std::size_t index = drawn[rollout.prompt], count = prompts.prompts.size();
      const std::string& user = index < count ? prompts.prompts[index] : prompts.attacks.at(index - count);
      answers.push_back({{{"user", user}}, organism::visible_answer(prompts.begun + rollout.text)});
    }
    const auto scores = model.score(answers);
    return std::vector<double>(scores.begin(), scores.end());
  };
}

}  // namespace dormouse::defence
