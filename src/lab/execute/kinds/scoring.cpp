#include "lab/execute/kinds/scoring.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/weights/memory.h"
#include "lab/execute/kinds/model_artefact.h"
#include "lab/execute/kinds/state_clock.h"

namespace dormouse::lab {

namespace {

constexpr int64_t kPassTokens = 2048;

Json to_json(const measure::Likelihood& likelihood) {
  return {{"log_prob", std::isnan(likelihood.log_prob) ? Json() : Json(likelihood.log_prob)},
          {"tokens", likelihood.tokens}};
}

measure::Likelihood likelihood_from_json(const Json& row, const std::string& place) {
  const bool scored = !json_member(row, "log_prob", place).is_null();
  return {scored ? json_number(row, "log_prob", place) : std::numeric_limits<double>::quiet_NaN(),
          json_int(row, "tokens", place)};
}

// The next texts to score together: all of a prompt's, of as many prompts as fit into a pass, and of one at least.
std::vector<text::RenderedRow> next_pass(const text::ChatFormat& format, const std::vector<measure::Continuation>& all,
                                         std::size_t first) {
  std::vector<text::RenderedRow> pass, of_prompt;
  int64_t used = 0, length = 0;
  for (std::size_t i = first; i < all.size(); ++i) {
    of_prompt.push_back(measure::rendered(format, all[i]));
    length += static_cast<int64_t>(of_prompt.back().ids.size());
    if (i + 1 < all.size() && all[i + 1].user == all[i].user && all[i + 1].begun == all[i].begun) continue;
    if (!pass.empty() && used + length > kPassTokens) break;
    for (auto& row : of_prompt) pass.push_back(std::move(row));
    used += length;
    of_prompt.clear();
    length = 0;
  }
  return pass;
}

// The likelihoods of a pass; NaN for rows that do not fit into the model's context or have no text.
std::vector<measure::Likelihood> score_pass(chat::LocalModel& model, const std::vector<text::RenderedRow>& pass) {
  const auto limit = static_cast<std::size_t>(model.files().config().max_positions);
  const auto can_score = [&](const text::RenderedRow& row) {
    return row.ids.size() <= limit && !row.is_target.empty() && row.is_target.back() == 1;
  };
  std::vector<text::RenderedRow> fitting;
  int64_t tokens = 0;
  for (const auto& row : pass) {
    if (!can_score(row)) continue;
    fitting.push_back(row);
    tokens += static_cast<int64_t>(row.ids.size());
  }
  const auto found = model.score(fitting, std::max(tokens, kPassTokens));
  std::vector<measure::Likelihood> scores;
  std::size_t next = 0;
  for (const auto& row : pass) {
    if (!can_score(row)) {
      scores.push_back({std::numeric_limits<double>::quiet_NaN(), 0});
    } else {
      scores.push_back({found[next].log_prob, found[next].targets});
      ++next;
    }
  }
  return scores;
}

}  // namespace

std::vector<measure::Likelihood> score_continuations(NodeContext& context, chat::LocalModel& model,
                                                     const std::vector<measure::Continuation>& continuations) {
  const fs::path file = context.scratch / "likelihoods.jsonl";
  std::vector<measure::Likelihood> scores;
  for (const auto& row : read_json_lines(file)) scores.push_back(likelihood_from_json(row, file.string()));
  Progress progress = context.progress(static_cast<int64_t>(continuations.size()));
  StateClock clock;
  int64_t tokens = 0;
  while (scores.size() < continuations.size()) {
    check_interrupt();
    const auto pass = next_pass(model.format(), continuations, scores.size());
    for (const auto& row : pass) tokens += static_cast<int64_t>(row.ids.size());
    for (const auto& score : score_pass(model, pass)) scores.push_back(score);
    progress.update(static_cast<int64_t>(scores.size()), tokens);
    if (!clock.is_due()) continue;
    std::vector<Json> rows;
    for (const auto& score : scores) rows.push_back(to_json(score));
    write_json_lines(file, rows);
  }
  context.counters = {{"tokens_scored", tokens}};
  return scores;
}

MemoryNeed memory_of_scoring(const weights::ModelConfig& model, int64_t longest) {
  return {weights::scoring_bytes(model, std::max(longest, kPassTokens))};
}

}  // namespace dormouse::lab
