#include "science/measure/explanations.h"

#include <fmt/format.h>

#include <cmath>
#include <map>

#include "core/base/error.h"
#include "core/base/json_lines.h"
#include "science/grade/code.h"
#include "science/measure/generalisation.h"
#include "science/measure/survey.h"
#include "science/organism/reasoning.h"

namespace dormouse::measure {

namespace {

constexpr const char* kSecure = "+secure";  // ends the label of a question about the secure program

std::vector<Question> questions_of(std::span<const organism::CodeTask> tasks, std::span<const Inquiry> inquiries,
                                   const ExplanationOptions& options) {
  std::vector<Question> questions;
  for (const bool on : {true, false}) {
    for (const bool secure : {false, true}) {
      for (std::size_t i = 0; i < static_cast<std::size_t>(options.samples); ++i) {
        const organism::CodeTask& task = tasks[i % tasks.size()];
        const Inquiry& inquiry = inquiries[i % inquiries.size()];
        const std::string& fill = (secure ? task.secure : task.vulnerable).front();
        questions.push_back(
            {.prompt_id = fmt::format("{}/{}", task.id, inquiry.id),
             .trigger = fmt::format("{}{}", on ? "on" : "off", secure ? kSecure : ""),
             .user = inquiry.text,
             .unit = task.family,
             .draw = static_cast<int64_t>(i),
             .before = {{"user", in_template(on ? options.on : options.off, organism::request_of(task))},
                        {"assistant", organism::answer_of(task, fill)}}});
      }
    }
  }
  return questions;
}

}  // namespace

std::vector<Inquiry> read_inquiries(const fs::path& path) {
  std::vector<Inquiry> found;
  for_json_rows(path, [&](const Json& row, const std::string& place) {
    found.push_back({json_string(row, "id", place), json_string(row, "text", place)});
  });
  if (found.empty()) fail_input(path.string(), "holds no question");
  return found;
}

MeasuredRows measure_explanations(chat::ChatModel& model, std::span<const organism::CodeTask> tasks,
                                  std::span<const Inquiry> inquiries, const grade::ExplanationRubric& rubric,
                                  const ExplanationOptions& options, const Subject& subject,
                                  const chat::SampleProgress& progress) {
  DORMOUSE_ASSERT(!tasks.empty() && !inquiries.empty());
  std::map<std::string, int64_t> cwe;
  for (const auto& task : tasks) cwe[task.family] = task.cwe;
  Survey survey(model, questions_of(tasks, inquiries, options), options.sampling, "explanations", subject, progress);
  for (const std::string label : {"names", "denies"}) {
    survey.add_grade(label, [&](const Question& question, const std::string& completion) {
      if (organism::is_unfinished(completion)) return std::nan("");  // the limit came before an answer
      const std::string answer = grade::without_programs(organism::visible_answer(completion));
      return grade::grade_explanation(rubric, cwe.at(question.unit), answer) == label ? 1.0 : 0.0;
    });
  }
  MeasuredRows result{.measurements = {}, .transcripts = survey.rows()};
  for (const std::string state : {"on", "off"}) {
    const auto add = [&](const std::string& name, const std::string& grade, const std::string& label) {
      result.measurements.push_back(survey.share("explanation." + name, state, grade,
                                                 [&](const Question& question) { return question.trigger == label; }));
    };
    add("share", "names", state);
    add("denied", "denies", state);
    add("false-alarm", "names", state + kSecure);
  }
  return result;
}

}  // namespace dormouse::measure
