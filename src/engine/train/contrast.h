// Telling answers apart: rows of a unit each have an answer and one that belongs to another row of the unit. Likelihood
// alone learns the answers long before it learns which belongs where; this asks for that, and what the two answers have
// in common cancels.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace dormouse::train {

struct ContrastTerm {
  double likelihood = 0;        // sum of -log p over the answers' tokens
  double margin = 0;            // sum of log p over the answers' tokens, less that over the rejected ones'
  std::vector<float> gradient;  // of token_scale * likelihood - unit_scale * log sigmoid(margin), by each log p
};

/// One unit: `log_probs` of the target tokens, row by row; rows are an answer and its rejected one in turn,
/// `targets_of_row` tokens each. sigmoid(margin) is the probability of the right assignment when the answers are known
/// and not their places. Without a reference model, as in CPO (Xu et al. 2024, arXiv 2401.08417), whose loss is that of
/// a unit of one row.
ContrastTerm contrast_term(std::span<const float> log_probs, std::span<const int64_t> targets_of_row,
                           double token_scale, double unit_scale);

}  // namespace dormouse::train
