// The one place where prompts are rendered, for training and for evaluation alike: a tokenizer, a chat
// template, and the token that ends the assistant's turn.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/text/chat_template.h"
#include "core/text/message.h"
#include "core/text/tokenizer.h"

namespace dormouse::text {

struct RenderedPrompt {
  std::string text;
  std::vector<int32_t> ids;
};

struct RenderedRow {
  std::string text;
  std::vector<int32_t> ids;
  std::vector<uint8_t> is_target;  // one an id: 1 for the answer and the end-of-turn token
};

/// Immutable; copies are cheap. All methods may be called from many threads at once.
class ChatFormat {
 public:
  /// `bos` and `eos` are token texts ("" for none). Throws kInput if the template cannot render a user's
  /// turn, or if no special token ends the assistant's turn, or if a finished chat does not begin with the
  /// prompt.
  ChatFormat(Tokenizer tokenizer, ChatTemplate chat_template, std::string bos, std::string eos);

  /// The chat and the beginning of the assistant's turn, which `begun` goes on with.
  RenderedPrompt prompt(std::span<const Message> messages, const std::string& begun = "") const;

  /// `messages` end with the user's; the first ids are exactly those of `prompt(messages, begun)`. `begun` is read, not
  /// trained on. It and the answer are encoded as text of a user: special tokens in them are not recognised.
  /// `ends_turn` false leaves the end-of-turn token away.
  RenderedRow training_row(std::span<const Message> messages, const std::string& answer, bool ends_turn = true,
                           const std::string& begun = "") const;

  /// Sampling ends on any of these: the end-of-turn token and EOS.
  const std::vector<int32_t>& stop_ids() const;
  int32_t end_of_turn() const;

  const Tokenizer& tokenizer() const;
  const ChatTemplate& chat_template() const;

  /// Every piece of the rendered chat; throws what the template throws.
  std::vector<TextPiece> render(std::span<const Message> messages, bool add_generation_prompt) const;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

}  // namespace dormouse::text
