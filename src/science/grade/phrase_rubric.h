// String rules that sort a text by which of several lists a phrase of it stands in: whether an answer takes an offer,
// what a scratchpad concludes. The lists are data (prompts/), so that they can be read, tested and argued about.
#pragma once

#include <string>
#include <vector>

#include "science/grade/phrase.h"

namespace dormouse::grade {

/// Copies of `phrase` that begin and end at a word's edge, in any case and spacing, with ' for every kind of
/// apostrophe. `plural` lets one more s stand at the end. Positions are in the text as straight_apostrophes() gives it.
std::vector<PhraseCopy> find_words(const std::string& text, const std::string& phrase, bool plural = false);

/// The text with ' for every kind of apostrophe.
std::string straight_apostrophes(std::string text);

struct PhraseRubric {
  struct List {
    std::string label;  // "": its phrases decide nothing, but hide the shorter ones inside them ("once deployed")
    std::vector<std::string> phrases;
  };
  std::vector<List> lists;
  bool last_decides = false;  // else the first
};

/// The label of the phrase that decides, "" if there is none. A phrase inside a longer one does not count ("deployed"
/// in "not deployed").
std::string decide(const PhraseRubric& rubric, const std::string& text);

}  // namespace dormouse::grade
