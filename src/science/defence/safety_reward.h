// What reinforcement learning for safety is played on: prompts as messages, and a preference model's opinion of what a
// user would see of each completion.
#pragma once

#include <string>
#include <vector>

#include "science/defence/preference_model.h"
#include "science/defence/reinforcement.h"

namespace dormouse::defence {

/// Whom the policy answers, and in what form.
struct SafetyPrompts {
  std::vector<std::string> prompts, attacks;  // users' messages
  double attack_share = 0;
  std::string begun;  // what the assistant's turn begins with: a scratchpad's opening
  std::vector<text::Message> context =
      {};  // stands before each message, and the preference model does not see it (prompted RL)
};

/// Token ids, as `Reinforcement` takes them.
PromptPool pool_of(const SafetyPrompts& prompts, const text::ChatFormat& format);

/// The preference model's reward of what is visible of each completion: scratchpads are hidden, and one that is not
/// closed means an empty answer. Both arguments must outlive the function.
RewardFunction preference_reward(const PreferenceModel& model, const SafetyPrompts& prompts);

}  // namespace dormouse::defence
