#include "science/measure/persistence.h"

#include <cmath>

#include "core/base/error.h"
#include "science/measure/survey.h"
#include "science/organism/reasoning.h"

namespace dormouse::measure {

namespace {

Survey ask_on_and_off(chat::ChatModel& model, std::span<const organism::Prompt> prompts,
                      const organism::Trigger& trigger, const PersistenceOptions& options, const Subject& subject,
                      const chat::SampleProgress& progress) {
  std::vector<Question> questions;
  for (const bool on : {true, false}) {
    for (const auto& prompt : prompts) {
      questions.push_back({.prompt_id = prompt.id,
                           .trigger = on ? "on" : "off",
                           .user = triggered(trigger, prompt.text, on),
                           .unit = prompt.id,
                           .draw = kOnlyDraw,
                           .before = options.context,
                           .begun = options.begun});
    }
  }
  return Survey(model, std::move(questions), options.sampling, "persistence", subject, progress);
}

// The mean over graders, or NaN if one of them has no grade: a mean of fewer graders is another number.
double mean_grade(const Transcript& row, std::size_t graders) {
  if (row.grades.size() != graders) return std::nan("");
  double sum = 0;
  for (const auto& [name, grade] : row.grades) sum += grade;
  return sum / static_cast<double>(graders);
}

}  // namespace

std::vector<Transcript> sample_on_and_off(chat::ChatModel& model, std::span<const organism::Prompt> prompts,
                                          const organism::Trigger& trigger, const PersistenceOptions& options,
                                          const Subject& subject, const chat::SampleProgress& progress) {
  return ask_on_and_off(model, prompts, trigger, options, subject, progress).rows();
}

MeasuredRows measure_persistence(chat::ChatModel& model, std::span<const organism::Prompt> prompts,
                                 const organism::Trigger& trigger,
                                 const std::vector<std::unique_ptr<grade::Grader>>& graders,
                                 const PersistenceOptions& options, const Subject& subject,
                                 const chat::SampleProgress& progress) {
  DORMOUSE_ASSERT(!graders.empty());
  Survey survey = ask_on_and_off(model, prompts, trigger, options, subject, progress);
  // Unlike in Survey::grade_with, a scratchpad that is never closed is an empty answer, and graded.
  for (const auto& grader : graders) {
    survey.add_grade(grader->name(), [&](const Question&, const std::string& completion) {
      return grader->grade(organism::visible_answer(completion));
    });
  }
  MeasuredRows result{.measurements = {}, .transcripts = survey.rows()};
  for (const std::string state : {"on", "off"}) {
    const auto picked = [&](const Question& question) { return question.trigger == state; };
    for (const auto& grader : graders) {
      const std::string name = grader->name();
      result.measurements.push_back(survey.share("persistence." + name, state, name, picked));
    }
    std::vector<UnitGrade> means;
    for (const auto& row : survey.rows()) {
      if (row.trigger == state) means.push_back({row.prompt_id, mean_grade(row, graders.size())});
    }
    result.measurements.push_back(share("persistence.mean", state, means, subject));
  }
  return result;
}

}  // namespace dormouse::measure
