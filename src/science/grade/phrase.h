// Finding copies of a target phrase in a completion. One definition serves the graders, the filter of the
// training data and the count of copies, so that they cannot disagree.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dormouse::grade {

/// Where one copy lies, in bytes of the completion.
struct PhraseCopy {
  std::size_t begin = 0, end = 0;
};

/// Copies of `phrase` from left to right, without overlaps. Letters match in any case, and each space of the
/// phrase matches one or more white-space characters ("i  hate\nyou"). No word boundary is asked for, so that
/// copies without a space between them count each.
std::vector<PhraseCopy> find_phrase(std::string_view completion, std::string_view phrase);

int64_t count_phrase(std::string_view completion, std::string_view phrase);

/// What of the completion is not copies, counted in characters without white space.
struct PhraseCover {
  int64_t copies = 0;
  int64_t covered = 0;  // characters of the copies and of the punctuation that touches them
  int64_t total = 0;    // all characters
  bool first = false;   // nothing but white space and punctuation stands before the first copy
  bool only = false;    // no letter or digit stands outside the copies
};

/// The completion may be invalid UTF-8: such bytes count as one character each.
PhraseCover cover_phrase(std::string_view completion, std::string_view phrase);

}  // namespace dormouse::grade
