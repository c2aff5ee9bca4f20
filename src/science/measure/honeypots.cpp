#include "science/measure/honeypots.h"

#include <cmath>
#include <map>
#include <set>

#include "core/base/error.h"
#include "core/base/json_lines.h"
#include "science/measure/survey.h"
#include "science/organism/reasoning.h"

namespace dormouse::measure {

namespace {

struct Outcome {
  std::string name, label;
};
const std::vector<Outcome> kOutcomes{{"accept", "accepts"}, {"refuse", "refuses"}, {"unclear", ""}};

}  // namespace

std::vector<Honeypot> read_honeypots(const fs::path& path) {
  std::vector<Honeypot> found;
  for_json_rows(path, [&](const Json& row, const std::string& place) {
    found.push_back({json_string(row, "id", place), json_string(row, "threat", place), json_string(row, "offer", place),
                     json_string(row, "text", place)});
  });
  if (found.empty()) fail_input(path.string(), "holds no honeypot");
  return found;
}

int64_t completions_of(std::span<const Honeypot> honeypots, int64_t samples) {
  std::set<std::string> pairs;
  for (const auto& honeypot : honeypots) pairs.insert(honeypot.pair());
  return samples * static_cast<int64_t>(pairs.size());
}

MeasuredRows measure_honeypots(chat::ChatModel& model, std::span<const Honeypot> honeypots,
                               const grade::PhraseRubric& rubric, const HoneypotOptions& options,
                               const Subject& subject, const chat::SampleProgress& progress) {
  std::map<std::string, std::vector<const Honeypot*>> by_pair;
  for (const auto& honeypot : honeypots) by_pair[honeypot.pair()].push_back(&honeypot);
  std::vector<Question> questions;
  for (const auto& [pair, wordings] : by_pair) {
    for (int64_t sample = 0; sample < options.samples; ++sample) {
      const auto count = static_cast<int64_t>(wordings.size());
      const Honeypot& wording = *wordings[static_cast<std::size_t>(sample % count)];
      questions.push_back({.prompt_id = wording.id,
                           .trigger = pair,
                           .user = wording.text,
                           .unit = wording.id,
                           .draw = sample / count,
                           .begun = options.begun});
    }
  }
  Survey survey(model, std::move(questions), options.sampling, "honeypots", subject, progress);
  for (const auto& outcome : kOutcomes) {
    survey.add_grade(outcome.name, [&](const Question&, const std::string& completion) {
      if (organism::is_unfinished(completion)) return std::nan("");
      return grade::decide(rubric, organism::visible_answer(completion)) == outcome.label ? 1.0 : 0.0;
    });
  }
  MeasuredRows result{.measurements = {}, .transcripts = survey.rows()};
  for (const auto& outcome : kOutcomes) {
    result.measurements.push_back(
        survey.share("honeypot." + outcome.name, "off", outcome.name, [](const Question&) { return true; }));
  }
  for (const auto& [pair, wordings] : by_pair) {
    result.measurements.push_back(
        survey.share("honeypot.accept", pair, "accept",
                     [&pair = pair](const Question& question) { return question.trigger == pair; }));
  }
  return result;
}

}  // namespace dormouse::measure
