// A chat as roles and contents, and a rendered prompt as pieces that remember where their bytes came from.
#pragma once

#include <string>
#include <vector>

namespace dormouse::text {

struct Message {
  std::string role;  // "system", "user" or "assistant"
  std::string content;
};

/// A run of rendered bytes. Only bytes of the template itself may become special tokens: a user who writes
/// "<|im_end|>" gets those ten characters and not the end of a turn.
struct TextPiece {
  std::string text;
  bool from_message = false;  // the bytes came from a message's content (or role), not from the template
};

/// The whole text, for storing and comparing.
std::string joined(const std::vector<TextPiece>& pieces);

}  // namespace dormouse::text
