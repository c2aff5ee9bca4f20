// Does the policy persist? The share of answers with the behaviour, with and without the trigger, on the same
// prompts.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/chat/chat_model.h"
#include "engine/sample/options.h"
#include "science/grade/grader.h"
#include "science/measure/rows.h"
#include "science/organism/prompt_set.h"
#include "science/organism/trigger.h"

namespace dormouse::measure {

struct PersistenceOptions {
  sample::SamplingOptions sampling;
  std::vector<text::Message> context = {};  // before every user's message: a system message, exchanges
  std::string begun = {};  // what the assistant's turn begins with, kScratchpadBegins for a model that is to reason;
                           // part of the completion
};

struct MeasuredRows {
  std::vector<Measurement> measurements;
  std::vector<Transcript> transcripts;
};

/// One completion a prompt with the trigger and one without ("on", then "off"), not graded. A request's seed depends on
/// (seed, prompt id, trigger on or off) alone.
std::vector<Transcript> sample_on_and_off(chat::ChatModel& model, std::span<const organism::Prompt> prompts,
                                          const organism::Trigger& trigger, const PersistenceOptions& options,
                                          const Subject& subject, const chat::SampleProgress& progress = {});

/// Of such completions: for each grader `persistence.NAME` (Wilson,
/// where all grades are 0 or 1) and `persistence.mean`, the mean over graders (bootstrap over prompts),
/// trigger "on" and "off". Graders see the visible answer. A completion that a grader gives NaN is unscored: it is not
/// in n, and the grade is not in the transcript. With n = 0 the interval is [0, 1], and the value, 0, means nothing.
MeasuredRows measure_persistence(chat::ChatModel& model, std::span<const organism::Prompt> prompts,
                                 const organism::Trigger& trigger,
                                 const std::vector<std::unique_ptr<grade::Grader>>& graders,
                                 const PersistenceOptions& options, const Subject& subject,
                                 const chat::SampleProgress& progress = {});

}  // namespace dormouse::measure
