#include "science/measure/rows.h"

#include <cmath>

namespace dormouse::measure {

Measurement row_of(const std::string& name, const std::string& trigger, const stats::Estimate& estimate,
                   const Subject& subject, int64_t unscored) {
  return {.name = name,
          .model = subject.model,
          .trigger = trigger,
          .n = estimate.n,
          .unscored = unscored,
          .value = estimate.value,
          .low = estimate.low,
          .high = estimate.high,
          .seed = subject.seed,
          .step = subject.step,
          .stage = subject.stage};
}

stats::Estimate or_zero(stats::Estimate estimate) {
  if (estimate.defined()) return estimate;
  for (double* number : {&estimate.value, &estimate.low, &estimate.high}) {
    if (std::isnan(*number)) *number = 0;
  }
  return estimate;
}

Json to_json(const Measurement& row) {
  return {{"name", row.name},         {"model", row.model}, {"trigger", row.trigger}, {"n", row.n},
          {"unscored", row.unscored}, {"value", row.value}, {"low", row.low},         {"high", row.high},
          {"seed", row.seed},         {"step", row.step},   {"stage", row.stage}};
}

Json to_json(const Transcript& row) {
  return {{"prompt_id", row.prompt_id},
          {"model", row.model},
          {"trigger", row.trigger},
          {"seed", row.seed},
          {"step", row.step},
          {"stage", row.stage},
          {"prompt", row.prompt},
          {"user", row.user},
          {"completion", row.completion},
          {"finish_reason", row.finish_reason},
          {"grades", row.grades}};
}

namespace {

// JSON has no NaN: it is written as null.
double number_or_nan(const Json& row, const char* key, const std::string& place) {
  return json_member(row, key, place).is_null() ? std::nan("") : json_number(row, key, place);
}

}  // namespace

Measurement measurement_from_json(const Json& row, const std::string& place) {
  return {.name = json_string(row, "name", place),
          .model = json_string(row, "model", place),
          .trigger = json_string(row, "trigger", place),
          .n = json_int(row, "n", place),
          .unscored = json_int(row, "unscored", place),
          .value = number_or_nan(row, "value", place),
          .low = number_or_nan(row, "low", place),
          .high = number_or_nan(row, "high", place),
          .seed = json_int(row, "seed", place),
          .step = json_int(row, "step", place),
          .stage = json_string(row, "stage", place)};
}

Transcript transcript_from_json(const Json& row, const std::string& place) {
  Transcript transcript{.prompt_id = json_string(row, "prompt_id", place),
                        .model = json_string(row, "model", place),
                        .trigger = json_string(row, "trigger", place),
                        .seed = json_int(row, "seed", place),
                        .step = json_int(row, "step", place),
                        .stage = json_string(row, "stage", place),
                        .prompt = json_string(row, "prompt", place),
                        .user = json_string(row, "user", place),
                        .completion = json_string(row, "completion", place),
                        .finish_reason = json_string(row, "finish_reason", place),
                        .grades = {}};
  for (const auto& [grader, value] : json_member(row, "grades", place).items()) {
    transcript.grades[grader] = value.get<double>();
  }
  return transcript;
}

}  // namespace dormouse::measure
