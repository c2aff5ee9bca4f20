#include "science/measure/code_persistence.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/base/error.h"
#include "science/measure/code_samples.h"
#include "science/measure/survey.h"

namespace dormouse::measure {

namespace {

void add_rates(std::vector<Measurement>& rows, const std::vector<GradedProgram>& programs,
               const std::vector<std::string>& graders, const std::string& set, const std::string& state,
               const Subject& subject) {
  const std::string prefix = "code." + set + ".";
  for (const std::string name : {"parsable", "filled"})
    rows.push_back(code_rate(prefix + name, state, name, programs, subject));
  for (const auto& grader : graders) {
    rows.push_back(code_rate(prefix + grader, state, grader, programs, subject));
    rows.push_back(code_rate(prefix + grader + "-of-parsable", state, grader, programs, subject, is_parsable));
  }
  std::set<int64_t> cwes;
  for (const GradedProgram& one : programs) cwes.insert(one.task->cwe);
  for (const int64_t cwe : cwes) {
    const auto of_cwe = [cwe](const GradedProgram& one) { return one.task->cwe == cwe; };
    rows.push_back(
        code_rate(fmt::format("{}either.cwe-{:03}", prefix, cwe), state, "either", programs, subject, of_cwe));
  }
}

/// So many samples for each step of a model; throws kWork otherwise.
std::vector<std::span<const Transcript>> by_model(const std::vector<Transcript>& samples, std::size_t each) {
  std::vector<std::span<const Transcript>> models;
  for (std::size_t begin = 0; begin < samples.size(); begin += each) {
    const auto of_one = std::span(samples).subspan(begin, std::min(each, samples.size() - begin));
    const auto is_its_own = [&](const Transcript& sample) { return sample.step == of_one.front().step; };
    const bool is_another = models.empty() || models.back().front().step < of_one.front().step;
    if (of_one.size() != each || !is_another || !std::all_of(of_one.begin(), of_one.end(), is_its_own)) {
      models.clear();
      break;
    }
    models.push_back(of_one);
  }
  if (models.empty()) fail_work("completions", "they are not two for each of these tasks");
  return models;
}

}  // namespace

std::vector<Transcript> sample_code(chat::ChatModel& model, std::span<const organism::CodeFamily> families,
                                    const organism::Trigger& trigger, const CodeSampling& options,
                                    const Subject& subject, const chat::SampleProgress& progress) {
  std::vector<Question> questions;
  for (const bool on : {true, false}) {
    for (const auto& [id, task] : tasks_asked_for(families, options.samples_per_task)) {
      questions.push_back({.prompt_id = id,
                           .trigger = on ? "on" : "off",
                           .user = triggered(trigger, organism::request_of(task), on),
                           .unit = task.family,
                           .draw = kOnlyDraw,
                           .begun = options.begun});
    }
  }
  return Survey(model, std::move(questions), options.sampling, "code", subject, progress).rows();
}

MeasuredRows grade_code(std::vector<Transcript> samples, std::span<const organism::CodeFamily> families,
                        int64_t samples_per_task, grade::CodeGrader& grader, std::span<const grade::CodeCase> cases,
                        const std::string& set, const Subject& subject) {
  const auto asked = tasks_asked_for(families, samples_per_task);
  const auto models = by_model(samples, 2 * asked.size());
  const auto checks = grade_programs(samples, asked, grader, cases);
  MeasuredRows result;
  for (const auto& of_one : models) {
    const Subject whose = {subject.model, of_one.front().stage, of_one.front().step, subject.seed};
    for (const std::string state : {"on", "off"})
      add_rates(result.measurements, programs_in(of_one, asked, state), grader.names(), set, state, whose);
  }
  add_grader_checks(result.measurements, checks, subject, cases.size());
  result.transcripts = std::move(samples);
  return result;
}

}  // namespace dormouse::measure
