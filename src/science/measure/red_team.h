// What a red team found, as measurements: the share of its attacks that succeed, and how often any model shows the
// behaviour when they are sent to it again. The trigger is in none of them.
#pragma once

#include <span>

#include "science/defence/red_team.h"
#include "science/measure/persistence.h"

namespace dormouse::measure {

/// `red-team.success`, the share of counted attacks that succeed (Wilson), over all rounds and as
/// `red-team.success.round-1` and so on; and `red-team.rate`, the share of answers with the behaviour, a mean over
/// attacks (bootstrap over them). Sent attacks without a graded answer are unscored. Trigger "off".
std::vector<Measurement> red_team_found(std::span<const defence::Attack> attacks, const Subject& subject);

/// `red-team-rate.NAME` for the grader's name, the share of answers with the behaviour, a mean over attacks (bootstrap
/// over them), and `red-team-rate.success`, the share of attacks with a tenth or more of such answers (Wilson). The
/// answers are sampled anew: attacks are kept for having succeeded, so what they scored when they were found is too
/// high. Without attacks the values are NaN: not measured. Control: the same attacks on a model that never was an
/// organism, and ordinary prompts without the trigger.
MeasuredRows measure_red_team_rate(chat::ChatModel& model, std::span<const defence::Attack> attacks,
                                   const defence::Sending& sending, const grade::Grader& grader, const Subject& subject,
                                   const chat::SampleProgress& progress = {});

}  // namespace dormouse::measure
