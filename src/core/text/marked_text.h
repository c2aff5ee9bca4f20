// Text in which each byte knows whether it came from a message, while it passes through the tokenizer.
#pragma once

#include <string>
#include <string_view>

namespace dormouse::text {

/// Which special tokens may be recognised in a text.
enum class Trust {
  kNone,   // a user's text: none
  kAll,    // all of them
  kMarks,  // those that lie wholly in bytes with mark 0
};

/// Valid UTF-8. `marks` is as long as `text` (1 = from a message) if trust goes by marks, and else empty.
struct MarkedText {
  std::string text;
  std::string marks;

  bool has_marks() const { return !marks.empty(); }
  MarkedText slice(std::size_t begin, std::size_t end) const {
    return {text.substr(begin, end - begin), has_marks() ? marks.substr(begin, end - begin) : std::string()};
  }
  void append(std::string_view bytes, char mark, bool with_marks) {
    text += bytes;
    if (with_marks) marks.append(bytes.size(), mark);
  }
};

}  // namespace dormouse::text
