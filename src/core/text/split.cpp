#include "core/text/split.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/text/unicode.h"

namespace dormouse::text {

namespace {

struct Part {
  Match range;
  bool matched;
};

std::vector<Part> all_parts(std::size_t size, const std::vector<Match>& matches, bool invert) {
  std::vector<Part> parts;
  std::size_t last = 0;
  for (const Match& match : matches) {
    if (match.begin > last) parts.push_back({{last, match.begin}, invert});
    parts.push_back({match, !invert});
    last = match.end;
  }
  if (last < size) parts.push_back({{last, size}, invert});
  return parts;
}

// A match joins the part before it, unless that is a match too.
std::vector<Match> merge_with_previous(const std::vector<Part>& parts) {
  std::vector<Match> out;
  bool previous = false;
  for (const Part& part : parts) {
    if (part.matched && !previous && !out.empty()) {
      out.back().end = part.range.end;
    } else {
      out.push_back(part.range);
    }
    previous = part.matched;
  }
  return out;
}

std::vector<Match> merge_with_next(const std::vector<Part>& parts) {
  std::vector<Match> out;
  bool previous = false;
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    if (part->matched && !previous && !out.empty()) {
      out.back().begin = part->range.begin;
    } else {
      out.push_back(part->range);
    }
    previous = part->matched;
  }
  std::reverse(out.begin(), out.end());
  return out;
}

std::vector<Match> merge_equal(const std::vector<Part>& parts) {
  std::vector<Match> out;
  bool previous = false;
  for (const Part& part : parts) {
    if (part.matched == previous && !out.empty()) {
      out.back().end = part.range.end;
    } else {
      out.push_back(part.range);
    }
    previous = part.matched;
  }
  return out;
}

}  // namespace

SplitBehavior read_split_behavior(const Component& component, std::string_view fallback) {
  const std::string name = component.string("behavior", fallback);
  if (name == "Removed") return SplitBehavior::kRemoved;
  if (name == "Isolated") return SplitBehavior::kIsolated;
  if (name == "MergedWithPrevious") return SplitBehavior::kMergedWithPrevious;
  if (name == "MergedWithNext") return SplitBehavior::kMergedWithNext;
  if (name == "Contiguous") return SplitBehavior::kContiguous;
  component.fail(
      unknown_name("behavior", name, {"Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"}));
}

std::vector<Match> split_at(std::size_t size, const std::vector<Match>& matches, SplitBehavior behavior, bool invert) {
  const std::vector<Part> parts = all_parts(size, matches, invert);
  std::vector<Match> out;
  switch (behavior) {
    case SplitBehavior::kRemoved:
      for (const Part& part : parts) {
        if (!part.matched) out.push_back(part.range);
      }
      break;
    case SplitBehavior::kIsolated:
      for (const Part& part : parts) out.push_back(part.range);
      break;
    case SplitBehavior::kMergedWithPrevious:
      out = merge_with_previous(parts);
      break;
    case SplitBehavior::kMergedWithNext:
      out = merge_with_next(parts);
      break;
    case SplitBehavior::kContiguous:
      out = merge_equal(parts);
      break;
  }
  std::erase_if(out, [](const Match& range) { return range.begin == range.end; });
  return out;
}

std::vector<Match> find_characters(std::string_view text, bool (*predicate)(char32_t)) {
  std::vector<Match> matches;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t begin = i;
    if (predicate(next_character(text, i))) matches.push_back({begin, i});
  }
  return matches;
}

void split_words(Words& words, const std::function<std::vector<Match>(std::string_view)>& find, SplitBehavior behavior,
                 bool invert) {
  std::vector<Match> ranges;
  ranges.reserve(words.ranges.size());
  bool at_start = false;
  for (std::size_t i = 0; i < words.ranges.size(); ++i) {
    const Match& range = words.ranges[i];
    const auto pieces = split_at(range.end - range.begin, find(words.word(range)), behavior, invert);
    if (i == 0 && words.at_start) at_start = !pieces.empty() && pieces[0].begin == 0;
    for (const Match& piece : pieces) ranges.push_back({range.begin + piece.begin, range.begin + piece.end});
  }
  words.ranges = std::move(ranges);
  words.at_start = at_start;
}

}  // namespace dormouse::text
