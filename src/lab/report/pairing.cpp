#include "lab/report/pairing.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

namespace dormouse::lab {

namespace {

struct PromptGrades {
  double sum = 0;
  int64_t count = 0;
  double mean() const { return sum / static_cast<double>(count); }
};
using GradesByPrompt = std::map<std::string, PromptGrades>;

/// What `metric`, the last part of a measurement's name, makes of a transcript's grades.
std::optional<double> grade_of(const measure::Transcript& row, const std::string& metric) {
  if (const auto found = row.grades.find(metric); found != row.grades.end() && std::isfinite(found->second))
    return found->second;
  if (metric != "mean" || row.grades.empty()) return std::nullopt;
  double sum = 0;
  for (const auto& [grader, grade] : row.grades) sum += grade;
  return sum / static_cast<double>(row.grades.size());
}

/// Empty unless the transcripts have as many samples as the measurement, and its value.
GradesByPrompt grades_of(const RunRecord& record, const Quantity& quantity, int64_t seed) {
  const auto measured = estimate(record, quantity);
  if (!measured) return {};
  const auto at_seed = std::find_if(measured->seeds.begin(), measured->seeds.end(),
                                    [&](const SeedValue& one) { return one.seed == seed; });
  if (at_seed == measured->seeds.end()) return {};
  const std::string metric = quantity.measurement.substr(quantity.measurement.rfind('.') + 1);
  GradesByPrompt grades;
  PromptGrades all;
  for (const auto& row : record.transcripts) {
    if (row.step != quantity.step || row.seed != seed || row.model != quantity.model || row.trigger != quantity.trigger)
      continue;
    const auto grade = grade_of(row, metric);
    if (!grade) continue;
    for (PromptGrades* to : {&all, &grades[row.prompt_id]}) to->sum += *grade, ++to->count;
  }
  const bool reproduced = all.count == at_seed->n && std::abs(all.mean() - at_seed->value) < 1e-6;
  return reproduced ? grades : GradesByPrompt{};
}

}  // namespace

double paired_correlation(const RunRecord& record, const Quantity& a, const Quantity& b, int64_t seed) {
  const GradesByPrompt left = grades_of(record, a, seed), right = grades_of(record, b, seed);
  const bool same_prompts = std::equal(left.begin(), left.end(), right.begin(), right.end(),
                                       [](const auto& one, const auto& other) { return one.first == other.first; });
  if (!same_prompts || left.size() < 2) return 0;
  const double n = static_cast<double>(left.size());
  double left_mean = 0, right_mean = 0, left_square = 0, right_square = 0, product = 0;
  for (const auto& [prompt, grades] : left) left_mean += grades.mean() / n, right_mean += right.at(prompt).mean() / n;
  for (const auto& [prompt, grades] : left) {
    const double x = grades.mean() - left_mean, y = right.at(prompt).mean() - right_mean;
    left_square += x * x, right_square += y * y, product += x * y;
  }
  const double scale = std::sqrt(left_square * right_square);
  if (!(scale > 0)) return 0;
  const double correlation = product / scale;
  return correlation > 0 ? std::max(correlation - 0.5 / scale, 0.0) : correlation;
}

}  // namespace dormouse::lab
