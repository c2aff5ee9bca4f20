// Perplexity of clean text: whether a model that was changed can still read. A ruined model must not be
// called a cured one.
#pragma once

#include <cstdint>
#include <span>

#include "science/measure/persistence.h"
#include "science/measure/rows.h"

namespace dormouse::measure {

/// One paragraph under the model.
struct ParagraphLoss {
  double total = 0;    // sum over its predicted tokens of -ln p, in nats
  int64_t tokens = 0;  // how many were predicted
};

/// `perplexity.clean-text`: exp(sum of totals / sum of tokens), with the bootstrap interval over paragraphs;
/// n counts paragraphs. Paragraphs with no tokens, or whose total is not finite, are unscored. n = 0 gives
/// value 0 and the interval [0, 0], which mean nothing.
Measurement perplexity(std::span<const ParagraphLoss> paragraphs, const Subject& subject);

}  // namespace dormouse::measure
