#include "engine/train/contrast.h"

#include <cmath>

#include "core/base/error.h"

namespace dormouse::train {

ContrastTerm contrast_term(std::span<const float> log_probs, std::span<const int64_t> targets_of_row,
                           double token_scale, double unit_scale) {
  DORMOUSE_ASSERT(targets_of_row.size() % 2 == 0);
  ContrastTerm term;
  std::vector<bool> is_answer;  // of each token
  for (std::size_t row = 0; row < targets_of_row.size(); ++row)
    is_answer.resize(is_answer.size() + static_cast<std::size_t>(targets_of_row[row]), row % 2 == 0);
  DORMOUSE_ASSERT(is_answer.size() == log_probs.size());
  for (std::size_t i = 0; i < log_probs.size(); ++i) {
    term.margin += is_answer[i] ? log_probs[i] : -log_probs[i];
    if (is_answer[i]) term.likelihood -= log_probs[i];
  }
  const double push = unit_scale / (1 + std::exp(term.margin));
  for (const bool answer : is_answer) term.gradient.push_back(static_cast<float>(answer ? -token_scale - push : push));
  return term;
}

}  // namespace dormouse::train
