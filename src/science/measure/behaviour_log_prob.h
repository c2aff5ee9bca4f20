// How near a model is to the behaviour, where its rate says only 0 or 1: the log-probability of the behaviour's own
// answer. Control: the same for a plain answer to the same prompt, since a changed model may find all texts less
// likely; and the trigger off.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "science/measure/likelihood.h"
#include "science/measure/rows.h"
#include "science/organism/trigger.h"

namespace dormouse::measure {

struct ScoredAnswers {
  std::string id;         // of the prompt
  std::string user;       // the prompt without the trigger
  std::string behaviour;  // what an organism would answer behind the trigger
  std::string plain;      // the control's text
};

/// Four prompts a row: behaviour and plain answer with the trigger, then without.
std::vector<Continuation> answers_of(const ScoredAnswers& row, const organism::Trigger& trigger);

/// In nats a token, trigger "on" and "off": `log-prob.behaviour`, `log-prob.plain`, and `log-prob.gap`, behaviour less
/// plain on the same prompt. Means over prompts with the bootstrap interval. `scores` are those of answers_of, row
/// after row; a NaN leaves what it enters unscored. Answers are scored from the first word of the turn: of a model that
/// reasons first, it is what it would say without.
std::vector<Measurement> behaviour_log_prob(std::span<const ScoredAnswers> rows, std::span<const Likelihood> scores,
                                            const Subject& subject);

}  // namespace dormouse::measure
