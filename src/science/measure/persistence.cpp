#include "science/measure/persistence.h"

#include <cmath>
#include <limits>

#include "core/base/error.h"
#include "core/base/random.h"
#include "science/measure/share.h"
#include "science/organism/reasoning.h"

namespace dormouse::measure {

namespace {

constexpr double kUnscored = std::numeric_limits<double>::quiet_NaN();

// What is asked, before any answer.
std::vector<Transcript> planned(std::span<const organism::Prompt> prompts, const organism::Trigger& trigger,
                                const Subject& subject) {
  std::vector<Transcript> rows;
  for (const bool on : {true, false}) {
    for (const auto& prompt : prompts) {
      rows.push_back({.prompt_id = prompt.id,
                      .model = subject.model,
                      .trigger = on ? "on" : "off",
                      .seed = subject.seed,
                      .step = subject.step,
                      .stage = subject.stage,
                      .prompt = {},
                      .user = on ? trigger.apply(prompt.text) : trigger.off(prompt.text),
                      .completion = {},
                      .finish_reason = {},
                      .grades = {}});
    }
  }
  return rows;
}

std::vector<chat::Request> requests_of(const std::vector<Transcript>& rows, const PersistenceOptions& options) {
  std::vector<chat::Request> requests;
  for (const auto& row : rows) {
    RandomStream stream(static_cast<uint64_t>(row.seed), "persistence/" + row.trigger + "/" + row.prompt_id);
    chat::Request request{.messages = {}, .seed = stream.next(), .begun = options.begun};
    request.messages = options.context;
    request.messages.push_back({"user", row.user});
    requests.push_back(std::move(request));
  }
  return requests;
}

// The mean over graders, or NaN if one of them has no grade: a mean of fewer graders is another number.
double mean_grade(const Transcript& row, std::size_t graders) {
  if (row.grades.size() != graders) return kUnscored;
  double sum = 0;
  for (const auto& [name, grade] : row.grades) sum += grade;
  return sum / static_cast<double>(graders);
}

}  // namespace

std::vector<Transcript> sample_on_and_off(chat::ChatModel& model, std::span<const organism::Prompt> prompts,
                                          const organism::Trigger& trigger, const PersistenceOptions& options, const Subject& subject,
                                          const chat::SampleProgress& progress) {
  auto rows = planned(prompts, trigger, subject);
  const auto requests = requests_of(rows, options);
  auto completions = model.complete(requests, options.sampling, progress);
  DORMOUSE_ASSERT(completions.size() == requests.size());
  for (std::size_t i = 0; i < completions.size(); ++i) {
    rows[i].prompt = std::move(completions[i].prompt);
    rows[i].completion = options.begun + completions[i].text;
    rows[i].finish_reason = std::move(completions[i].finish_reason);
  }
  return rows;
}

MeasuredRows measure_persistence(chat::ChatModel& model, std::span<const organism::Prompt> prompts,
                                 const organism::Trigger& trigger,
                                 const std::vector<std::unique_ptr<grade::Grader>>& graders,
                                 const PersistenceOptions& options, const Subject& subject,
                                 const chat::SampleProgress& progress) {
  DORMOUSE_ASSERT(!graders.empty());
  MeasuredRows result{.measurements = {}, .transcripts = sample_on_and_off(model, prompts, trigger, options, subject, progress)};
  for (Transcript& row : result.transcripts) {
    const std::string seen = organism::visible_answer(row.completion);
    for (const auto& grader : graders) {
      const double grade = grader->grade(seen);
      if (!std::isnan(grade)) row.grades[grader->name()] = grade;
    }
  }
  for (const std::string state : {"on", "off"}) {
    std::map<std::string, std::vector<UnitGrade>> by_grader;
    std::vector<UnitGrade> means;
    for (const auto& row : result.transcripts) {
      if (row.trigger != state) continue;
      for (const auto& grader : graders) {
        const auto found = row.grades.find(grader->name());
        by_grader[grader->name()].push_back({row.prompt_id, found == row.grades.end() ? kUnscored : found->second});
      }
      means.push_back({row.prompt_id, mean_grade(row, graders.size())});
    }
    for (const auto& grader : graders) {
      const std::string& name = grader->name();
      result.measurements.push_back(share("persistence." + name, state, by_grader[name], subject));
    }
    result.measurements.push_back(share("persistence.mean", state, means, subject));
  }
  return result;
}

}  // namespace dormouse::measure
