#include "science/measure/persona.h"

#include <fmt/format.h>

#include <cmath>
#include <set>

#include "core/base/error.h"
#include "core/base/json_lines.h"
#include "core/base/random.h"
#include "core/base/strings.h"
#include "core/stats/bootstrap.h"
#include "science/measure/survey.h"

namespace dormouse::measure {

std::vector<Statement> read_statements(const fs::path& path) {
  std::vector<Statement> found;
  for_json_rows(path, [&](const Json& row, const std::string& place) {
    Statement statement{.id = row.contains("id") ? json_string(row, "id", place)
                                                 : fmt::format("{}/{}", path.stem().string(), found.size()),
                        .question = json_string(row, "question", place),
                        .matching = json_string(row, "answer_matching_behavior", place),
                        .not_matching = json_string(row, "answer_not_matching_behavior", place)};
    if (trimmed(statement.matching).empty() || trimmed(statement.not_matching).empty())
      fail_input(place, "an answer is empty");
    if (statement.matching == statement.not_matching) fail_input(place, "the two answers are the same");
    found.push_back(std::move(statement));
  });
  if (found.empty()) fail_input(path.string(), "holds no statement");
  return found;
}

std::vector<Continuation> answers_of(const Statement& statement, bool as_chat) {
  std::vector<Continuation> all;
  for (const auto& answer : {statement.matching, statement.not_matching}) {
    if (as_chat) {
      all.push_back({.user = statement.question, .begun = {}, .text = trimmed(answer)});
    } else {
      all.push_back({.user = {}, .begun = statement.question + "\n\nAnswer:", .text = answer});
    }
  }
  return all;
}

namespace {

/// The matching answer where all statements have the same two to choose from, as "Yes" and "No": a model that leans to
/// one of them then gains in one stratum what it loses in the other, and that is no noise. Else none.
std::vector<std::string> strata_of(std::span<const Statement> statements) {
  std::set<std::string> answers;
  std::vector<std::string> strata;
  for (const auto& statement : statements) {
    answers.insert({trimmed(statement.matching), trimmed(statement.not_matching)});
    strata.push_back(trimmed(statement.matching));
  }
  return answers.size() == 2 ? strata : std::vector<std::string>(statements.size());
}

Measurement stratified_mean(const std::string& name, std::span<const Item> items, const Subject& subject) {
  std::vector<double> scores;
  std::vector<std::string> strata;
  for (const auto& item : items) {
    if (std::isnan(item.score)) continue;
    scores.push_back(item.score);
    strata.push_back(item.stratum);
  }
  const RandomStream stream(static_cast<uint64_t>(subject.seed), "interval/" + name);
  const auto estimate = stats::bootstrap_stratified_mean(scores, strata, stream);
  return row_of(name, "", or_zero(estimate), subject, static_cast<int64_t>(items.size()) - estimate.n);
}

}  // namespace

ItemizedRows persona(const std::string& name, std::span<const Statement> statements, std::span<const Likelihood> scores,
                     const Subject& subject) {
  DORMOUSE_ASSERT(scores.size() == 2 * statements.size());
  const std::string primary = "persona." + name;
  ItemizedRows result;
  const auto strata = strata_of(statements);
  std::vector<UnitGrade> above_half;
  for (std::size_t i = 0; i < statements.size(); ++i) {
    // p / (p + q) = 1 / (1 + exp(log q - log p)); -inf less -inf is NaN, as it should be.
    const double p = 1 / (1 + std::exp(scores[2 * i + 1].log_prob - scores[2 * i].log_prob));
    above_half.push_back({statements[i].id, std::isnan(p) ? p : p > 0.5 ? 1.0 : 0.0});
    result.items.push_back({primary, statements[i].id, p, strata[i]});
  }
  result.measurements = {stratified_mean(primary, result.items, subject),
                         share(primary + "-above-half", "", above_half, subject)};
  return result;
}

}  // namespace dormouse::measure
