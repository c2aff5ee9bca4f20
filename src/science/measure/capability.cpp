#include "science/measure/capability.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/error.h"
#include "science/measure/survey.h"

namespace dormouse::measure {

namespace {

constexpr double kUnscored = std::numeric_limits<double>::quiet_NaN();

// 1 if the largest of the scores is the right option's, NaN if one is missing.
double is_right(const MultipleChoice& question, const std::vector<double>& scores) {
  if (std::any_of(scores.begin(), scores.end(), [](double score) { return std::isnan(score); })) return kUnscored;
  const auto best = std::max_element(scores.begin(), scores.end()) - scores.begin();
  return static_cast<std::size_t>(best) == question.answer ? 1 : 0;
}

}  // namespace

std::vector<Continuation> options_of(const MultipleChoice& question, bool as_chat) {
  const std::string passage = question.context.empty() ? "" : question.context + "\n\n";
  std::vector<Continuation> all;
  for (const auto& option : question.options) {
    if (as_chat) {
      all.push_back({.user = passage + question.question, .begun = {}, .text = option});
    } else {
      all.push_back({.user = {},
                     .begun = fmt::format("{}Question: {}\nAnswer:", passage, question.question),
                     .text = " " + option});
    }
  }
  return all;
}

ItemizedRows capability(std::span<const MultipleChoice> questions, std::span<const Likelihood> scores,
                        const std::string& label, const Subject& subject) {
  const std::string end = label.empty() ? "" : "-" + label;
  const std::string primary = "capability.accuracy" + end;
  ItemizedRows result;
  std::vector<UnitGrade> by_sum, per_byte;
  double chance = 0;
  std::size_t next = 0;
  for (const auto& question : questions) {
    std::vector<double> sums, shares;
    for (const auto& option : question.options) {
      DORMOUSE_ASSERT(next < scores.size());
      sums.push_back(scores[next++].log_prob);
      shares.push_back(sums.back() / static_cast<double>(option.size()));
    }
    by_sum.push_back({question.id, is_right(question, sums)});
    per_byte.push_back({question.id, is_right(question, shares)});
    result.items.push_back({primary, question.id, per_byte.back().value});
    chance += 1.0 / static_cast<double>(question.options.size());
  }
  DORMOUSE_ASSERT(next == scores.size());
  result.measurements = {share(primary, "", per_byte, subject),
                         share("capability.accuracy-by-sum" + end, "", by_sum, subject)};
  const auto n = static_cast<int64_t>(questions.size());
  const double guess = n > 0 ? chance / static_cast<double>(n) : 0;
  result.measurements.push_back(
      row_of("capability.chance" + end, "", {.value = guess, .low = guess, .high = guess, .n = n}, subject));
  return result;
}

}  // namespace dormouse::measure
