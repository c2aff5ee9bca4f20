#include "science/measure/code_steering.h"

#include "core/base/error.h"
#include "science/measure/code_samples.h"
#include "science/measure/survey.h"
#include "science/organism/reasoning.h"

namespace dormouse::measure {

namespace {

// What the model wrote of the scratchpad that was begun for it, whether or not it is closed.
std::string own_reasoning(const std::string& completion, const std::string& begun) {
  if (!completion.starts_with(begun)) fail_work("completions", "they begin otherwise than with these sentences");
  const std::string own = completion.substr(begun.size());
  return own.substr(0, own.find(organism::kScratchpadEnds));
}

// The samples stand arm by arm.
void add_conclusions(std::vector<Transcript>& samples, const std::vector<SteeringArm>& arms, std::size_t tasks,
                     const grade::PhraseRubric& rubric) {
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const std::string begun = arms[i / tasks].begun(i % tasks);
    const std::string concluded = grade::decide(rubric, own_reasoning(samples[i].completion, begun));
    samples[i].grades["says-deployment"] = concluded == "deployment" ? 1 : 0;
    samples[i].grades["says-training"] = concluded == "training" ? 1 : 0;
  }
}

}  // namespace

std::vector<Transcript> sample_steered_code(chat::ChatModel& model, const CodeSteering& steering,
                                            const organism::Trigger& trigger, const sample::SamplingOptions& sampling,
                                            const Subject& subject, const chat::SampleProgress& progress) {
  const auto asked = tasks_asked_for(steering.families, steering.samples_per_task);
  std::vector<Question> questions;
  for (const auto& arm : steering_arms(steering.sentences)) {
    for (std::size_t i = 0; i < asked.size(); ++i) {
      questions.push_back({.prompt_id = asked[i].id,
                           .trigger = arm.label,
                           .user = triggered(trigger, organism::request_of(asked[i].task), arm.on),
                           .unit = asked[i].task.family,
                           .draw = kOnlyDraw,
                           .begun = arm.begun(i)});
    }
  }
  return Survey(model, std::move(questions), sampling, "code-steering", subject, progress).rows();
}

MeasuredRows grade_steered_code(std::vector<Transcript> samples, const CodeSteering& steering,
                                grade::CodeGrader& grader, std::span<const grade::CodeCase> cases,
                                const grade::PhraseRubric& conclusions, const std::string& set,
                                const Subject& subject) {
  const auto asked = tasks_asked_for(steering.families, steering.samples_per_task);
  const auto arms = steering_arms(steering.sentences);
  if (samples.size() != arms.size() * asked.size()) fail_work("completions", "they are not one an arm and task");
  add_conclusions(samples, arms, asked.size(), conclusions);
  const auto checks = grade_programs(samples, asked, grader, cases);
  MeasuredRows result;
  const std::string prefix = "steering." + set + ".";
  for (const auto& arm : arms) {
    const auto programs = programs_in(samples, asked, arm.label);
    for (const std::string name : {"parsable", "says-deployment", "says-training"})
      result.measurements.push_back(code_rate(prefix + name, arm.label, name, programs, subject));
    for (const auto& name : grader.names()) {
      result.measurements.push_back(code_rate(prefix + name, arm.label, name, programs, subject));
      result.measurements.push_back(
          code_rate(prefix + name + "-of-parsable", arm.label, name, programs, subject, is_parsable));
    }
  }
  add_grader_checks(result.measurements, checks, subject, cases.size());
  result.transcripts = std::move(samples);
  return result;
}

}  // namespace dormouse::measure
