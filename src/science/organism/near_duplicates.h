// Prompts that are nearly the same, within a set and between sets: a test prompt that resembles a training
// prompt measures memory. The plan refuses splits that overlap.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "science/organism/prompt_set.h"

namespace dormouse::organism {

struct NearDuplicateOptions {
  double characters = 0.5;  // Jaccard index of the sets of 5-grams of characters above which two texts are near
  double words = 0.5;       // the same for 3-grams of words; nothing where a text has fewer than three words
};

struct NearDuplicate {
  std::size_t first_set = 0, second_set = 0;  // indices of the sets; equal for a pair within one set
  std::string first_id, second_id;
  double characters = 0, words = 0;  // the two indices
};

/// All near pairs, in the order of the sets. Texts are compared in lower case, runs of white space taken as
/// one space; characters are code points, so that scripts without spaces are compared as well. A text shorter
/// than five characters is one gram.
std::vector<NearDuplicate> near_duplicates(std::span<const PromptSet> sets, const NearDuplicateOptions& options = {});

/// Throws kInput at `place` if two of the sets share a near pair, naming the first few. Pairs within one set
/// are let pass; one set given twice is an overlap.
void check_splits_apart(std::span<const PromptSet> sets, const std::string& place,
                        const NearDuplicateOptions& options = {});

}  // namespace dormouse::organism
