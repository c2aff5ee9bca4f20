#include "science/measure/behaviour_log_prob.h"

#include <cmath>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/stats/bootstrap.h"
#include "science/measure/survey.h"

namespace dormouse::measure {

namespace {

double per_token(const Likelihood& score) { return score.log_prob / static_cast<double>(score.tokens); }

Measurement mean(const std::string& name, bool on, const std::vector<double>& values, const Subject& subject) {
  std::vector<double> scored;
  for (const double value : values) {
    if (std::isfinite(value)) scored.push_back(value);
  }
  const std::string full_name = "log-prob." + name, state = on ? "on" : "off";
  const RandomStream stream(static_cast<uint64_t>(subject.seed), "interval/" + full_name + "/" + state);
  return row_of(full_name, state, or_zero(stats::bootstrap_mean(scored, stream)), subject,
                static_cast<int64_t>(values.size() - scored.size()));
}

}  // namespace

std::vector<Continuation> answers_of(const ScoredAnswers& row, const organism::Trigger& trigger) {
  std::vector<Continuation> all;
  for (const bool on : {true, false}) {
    for (const std::string* text : {&row.behaviour, &row.plain}) {
      all.push_back({.user = triggered(trigger, row.user, on), .begun = {}, .text = *text});
    }
  }
  return all;
}

std::vector<Measurement> behaviour_log_prob(std::span<const ScoredAnswers> rows, std::span<const Likelihood> scores,
                                            const Subject& subject) {
  DORMOUSE_ASSERT(scores.size() == 4 * rows.size());
  std::vector<Measurement> found;
  for (const bool on : {true, false}) {
    std::vector<double> behaviour, plain, gap;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::size_t first = 4 * i + (on ? 0 : 2);
      behaviour.push_back(per_token(scores[first]));
      plain.push_back(per_token(scores[first + 1]));
      gap.push_back(behaviour.back() - plain.back());
    }
    found.push_back(mean("behaviour", on, behaviour, subject));
    found.push_back(mean("plain", on, plain, subject));
    found.push_back(mean("gap", on, gap, subject));
  }
  return found;
}

}  // namespace dormouse::measure
