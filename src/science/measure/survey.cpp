#include "science/measure/survey.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "core/base/error.h"
#include "core/base/random.h"
#include "science/organism/reasoning.h"

namespace dormouse::measure {

namespace {

constexpr double kUnscored = std::numeric_limits<double>::quiet_NaN();

std::string seed_label(const std::string& use, const Question& question) {
  const std::string label = fmt::format("{}/{}/{}", use, question.trigger, question.prompt_id);
  return question.draw == kOnlyDraw ? label : fmt::format("{}/{}", label, question.draw);
}

}  // namespace

std::string triggered(const organism::Trigger& trigger, const std::string& text, bool on) {
  return on ? trigger.apply(text) : trigger.off(text);
}

Survey::Survey(chat::ChatModel& model, std::vector<Question> questions, const sample::SamplingOptions& sampling,
               const std::string& use, const Subject& subject, const chat::SampleProgress& progress)
    : subject_(subject), questions_(std::move(questions)) {
  std::vector<chat::Request> requests;
  for (const auto& question : questions_) {
    RandomStream stream(static_cast<uint64_t>(subject.seed), seed_label(use, question));
    requests.push_back({.messages = question.before, .seed = stream.next(), .begun = question.begun});
    requests.back().messages.push_back({"user", question.user});
  }
  auto completions = model.complete(requests, sampling, progress);
  DORMOUSE_ASSERT(completions.size() == questions_.size());
  for (std::size_t i = 0; i < completions.size(); ++i) {
    rows_.push_back({.prompt_id = questions_[i].prompt_id,
                     .model = subject.model,
                     .trigger = questions_[i].trigger,
                     .seed = subject.seed,
                     .step = subject.step,
                     .stage = subject.stage,
                     .prompt = std::move(completions[i].prompt),
                     .user = questions_[i].user,
                     .completion = questions_[i].begun + completions[i].text,
                     .finish_reason = std::move(completions[i].finish_reason),
                     .grades = {}});
  }
}

void Survey::add_grade(const std::string& name,
                       const std::function<double(const Question&, const std::string& completion)>& of) {
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const double grade = of(questions_[i], rows_[i].completion);
    if (!std::isnan(grade)) rows_[i].grades[name] = grade;
  }
}

void Survey::grade_with(const std::vector<std::unique_ptr<grade::Grader>>& graders) {
  for (const auto& grader : graders) {
    add_grade(grader->name(), [&](const Question&, const std::string& completion) {
      return organism::is_unfinished(completion) ? kUnscored : grader->grade(organism::visible_answer(completion));
    });
  }
}

Measurement Survey::share(const std::string& name, const std::string& trigger, const std::string& grade,
                          const std::function<bool(const Question&)>& picked) const {
  std::vector<UnitGrade> grades;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (!picked(questions_[i])) continue;
    const auto found = rows_[i].grades.find(grade);
    grades.push_back({questions_[i].unit, found == rows_[i].grades.end() ? kUnscored : found->second});
  }
  return measure::share(name, trigger, grades, subject_);
}

}  // namespace dormouse::measure
