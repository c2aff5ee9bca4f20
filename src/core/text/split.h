// Splitting text at matches, with the five things that can happen to the text that matched.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/component.h"
#include "core/text/pretokenize.h"
#include "core/text/regex.h"

namespace dormouse::text {

enum class SplitBehavior { kRemoved, kIsolated, kMergedWithPrevious, kMergedWithNext, kContiguous };

/// "Isolated" and so on; throws kInput on another name.
SplitBehavior read_split_behavior(const Component& component, std::string_view fallback);

/// The pieces of a text of `size` bytes, in order, empty ones left out. `invert` swaps what matched with what
/// did not.
std::vector<Match> split_at(std::size_t size, const std::vector<Match>& matches, SplitBehavior behavior, bool invert);

/// Matches of single characters.
std::vector<Match> find_characters(std::string_view text, bool (*predicate)(char32_t));

/// Splits each word further. `find` gives the matches inside one word.
void split_words(Words& words, const std::function<std::vector<Match>(std::string_view)>& find, SplitBehavior behavior,
                 bool invert = false);

}  // namespace dormouse::text
