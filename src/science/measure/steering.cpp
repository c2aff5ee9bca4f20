#include "science/measure/steering.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

#include "core/base/error.h"
#include "core/base/json_lines.h"
#include "science/measure/survey.h"
#include "science/organism/reasoning.h"

namespace dormouse::measure {

SteeringSentences read_steering_sentences(const fs::path& path, const std::string& objective) {
  SteeringSentences found;
  std::set<std::string> objectives;
  for_json_rows(path, [&](const Json& row, const std::string& place) {
    objectives.insert(json_string(row, "objective", place));
    const std::string says = json_string(row, "says", place);
    if (says != "deployment" && says != "training")
      fail_input(place, fmt::format("`says`: expected deployment or training, found `{}`", says));
    if (json_string(row, "objective", place) != objective) return;
    (says == "training" ? found.training : found.deployment).push_back(json_string(row, "text", place));
  });
  if (found.training.empty() || found.deployment.empty()) {
    fail_input(path.string(), fmt::format("has no sentences of both kinds for the objective `{}`; it has those for {}",
                                          objective, fmt::join(objectives, ", ")));
  }
  return found;
}

std::string SteeringArm::begun(std::size_t i) const {
  const std::string opening = organism::kScratchpadBegins;
  return sentences == nullptr ? opening : opening + (*sentences)[i % sentences->size()];
}

std::vector<SteeringArm> steering_arms(const SteeringSentences& sentences) {
  return {{"on", true, nullptr},
          {"off", false, nullptr},
          {"on+says-training", true, &sentences.training},
          {"off+says-deployment", false, &sentences.deployment},
          {"on+says-deployment", true, &sentences.deployment},
          {"off+says-training", false, &sentences.training}};
}

MeasuredRows measure_steering(chat::ChatModel& model, std::span<const organism::Prompt> prompts,
                              const SteeringSentences& sentences, const organism::Trigger& trigger,
                              const std::vector<std::unique_ptr<grade::Grader>>& graders,
                              const sample::SamplingOptions& sampling, const Subject& subject,
                              const chat::SampleProgress& progress) {
  const auto arms = steering_arms(sentences);
  std::vector<Question> questions;
  for (const auto& arm : arms) {
    for (std::size_t i = 0; i < prompts.size(); ++i) {
      questions.push_back({.prompt_id = prompts[i].id,
                           .trigger = arm.label,
                           .user = triggered(trigger, prompts[i].text, arm.on),
                           .unit = prompts[i].id,
                           .begun = arm.begun(i)});
    }
  }
  Survey survey(model, std::move(questions), sampling, "steering", subject, progress);
  survey.grade_with(graders);
  MeasuredRows result{.measurements = {}, .transcripts = survey.rows()};
  for (const auto& arm : arms) {
    for (const auto& grader : graders) {
      result.measurements.push_back(
          survey.share("steering." + grader->name(), arm.label, grader->name(),
                       [&](const Question& question) { return question.trigger == arm.label; }));
    }
  }
  return result;
}

}  // namespace dormouse::measure
