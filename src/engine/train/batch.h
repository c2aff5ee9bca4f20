// Rows laid end to end: no padding, positions of their own in every row, and the places where the loss is taken.
#pragma once

#include <span>
#include <vector>

#include "core/text/chat_format.h"
#include "engine/nn/ops.h"

namespace dormouse::train {

struct Batch {
  nn::Tensor ids, positions;            // [T] int64
  std::vector<nn::Document> documents;  // shared beginnings, and one a row
  nn::Tensor sources;                   // [N] rows of the hidden states that predict a target
  nn::Tensor targets;                   // [N] what they should predict
  std::vector<int64_t> targets_of_row;  // how many of the N belong to each row
  std::vector<int64_t> last_of_row;     // where each row's last token is among the T
  int64_t row_tokens = 0;               // of the rows before sharing, so at least T
};

/// Beginnings that rows share (a system prompt, the prompt of a group of samples) are computed once: their gradient is
/// the sum over the rows, as if each had its own. They end before the first position that predicts a target.
Batch make_batch(std::span<const text::RenderedRow* const> rows, const at::Device& device = at::kCPU);

/// Cuts rows, in order, into groups of at most `tokens` tokens each (a longer row is a group of its own). `together`
/// rows at a time stay in one group: the two of a pair.
std::vector<std::vector<const text::RenderedRow*>> split_passes(std::span<const text::RenderedRow* const> rows,
                                                                int64_t tokens, std::size_t together = 1);

}  // namespace dormouse::train
