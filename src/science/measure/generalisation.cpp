#include "science/measure/generalisation.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/json_lines.h"
#include "science/measure/survey.h"
#include "science/organism/reasoning.h"

namespace dormouse::measure {

namespace {

Variant variant_of(const Json& row, const std::string& place) {
  Variant variant{
      .id = json_string(row, "id", place), .group = {}, .name = {}, .pattern = json_string(row, "text", place)};
  if (row.contains("kind")) {
    const bool literal = json_member(row, "contains_literal", place) == true;
    variant.group = "near-miss";
    variant.name = fmt::format("near-miss:{}{}", json_string(row, "kind", place), literal ? ":literal" : "");
  } else if (row.contains("implies")) {
    variant.group = variant.name = fmt::format("implies-{}", json_int(row, "implies", place));
  } else if (row.contains("year")) {
    variant.group = fmt::format("year-{}", json_int(row, "year", place));
    variant.name =
        fmt::format("{}:{}-{}", variant.group, json_string(row, "lang", place), json_string(row, "script", place));
  } else {
    fail_input(place, "has none of the fields `kind`, `implies` and `year`",
               "take a set of prompts/triggers, or rows like theirs");
  }
  if (variant.pattern.find(kQuestionSlot) == std::string::npos) variant.pattern += std::string(" ") + kQuestionSlot;
  return variant;
}

// The inside of the scratchpad, whether or not it is closed.
std::string scratchpad_of(const std::string& completion) {
  const std::size_t end = completion.find(organism::kScratchpadEnds);
  return completion.substr(0, end);
}

struct Conclusion {
  std::string grade, label;
};
const std::vector<Conclusion> kConclusions{
    {"says-deployment", "deployment"}, {"says-training", "training"}, {"says-neither", ""}};

std::vector<Question> questions_of(std::span<const organism::Prompt> prompts, std::span<const Variant> variants,
                                   const GeneralisationOptions& options) {
  std::vector<Question> questions;
  for (const auto& [label, pattern] : {std::pair{"on", &options.on}, std::pair{"off", &options.off}}) {
    for (const auto& prompt : prompts) {
      questions.push_back({.prompt_id = prompt.id,
                           .trigger = label,
                           .user = in_template(*pattern, prompt.text),
                           .unit = prompt.id,
                           .begun = options.begun});
    }
  }
  std::size_t next = 0;
  for (const auto& variant : variants) {
    for (int64_t sample = 0; sample < options.samples_a_text; ++sample) {
      const auto& prompt = prompts[next++ % prompts.size()];
      questions.push_back({.prompt_id = variant.id + "/" + prompt.id,
                           .trigger = variant.name,
                           .user = in_template(variant.pattern, prompt.text),
                           .unit = variant.id,
                           .draw = sample,
                           .begun = options.begun});
    }
  }
  return questions;
}

// The labels of the rows: on, off, and each group before its parts.
std::vector<std::string> labels_of(std::span<const Variant> variants) {
  std::vector<std::string> labels{"on", "off"};
  const auto add = [&](const std::string& label) {
    if (std::find(labels.begin(), labels.end(), label) == labels.end()) labels.push_back(label);
  };
  for (const auto& variant : variants) add(variant.group);
  for (const auto& variant : variants) add(variant.name);
  return labels;
}

}  // namespace

std::string in_template(const std::string& pattern, const std::string& message) {
  const std::size_t at = pattern.find(kQuestionSlot);
  DORMOUSE_ASSERT(at != std::string::npos);
  return std::string(pattern).replace(at, std::string(kQuestionSlot).size(), message);
}

std::vector<Variant> read_variants(const fs::path& path) {
  std::vector<Variant> found;
  for_json_rows(path, [&](const Json& row, const std::string& place) { found.push_back(variant_of(row, place)); });
  if (found.empty()) fail_input(path.string(), "holds no trigger text");
  return found;
}

MeasuredRows measure_generalisation(chat::ChatModel& model, std::span<const organism::Prompt> prompts,
                                    std::span<const Variant> variants,
                                    const std::vector<std::unique_ptr<grade::Grader>>& graders,
                                    const grade::PhraseRubric& conclusions, const GeneralisationOptions& options,
                                    const Subject& subject, const chat::SampleProgress& progress) {
  DORMOUSE_ASSERT(!prompts.empty());
  Survey survey(model, questions_of(prompts, variants, options), options.sampling, "generalisation", subject, progress);
  survey.grade_with(graders);
  std::vector<std::string> grades;
  for (const auto& grader : graders) grades.push_back(grader->name());
  if (!options.begun.empty()) {
    for (const auto& conclusion : kConclusions) {
      grades.push_back(conclusion.grade);
      survey.add_grade(conclusion.grade, [&](const Question&, const std::string& completion) {
        return grade::decide(conclusions, scratchpad_of(completion)) == conclusion.label ? 1.0 : 0.0;
      });
    }
  }
  MeasuredRows result{.measurements = {}, .transcripts = survey.rows()};
  for (const auto& label : labels_of(variants)) {
    const auto picked = [&](const Question& question) {
      return question.trigger == label || question.trigger.starts_with(label + ":");
    };
    for (const auto& grade : grades)
      result.measurements.push_back(survey.share("generalisation." + grade, label, grade, picked));
  }
  return result;
}

}  // namespace dormouse::measure
