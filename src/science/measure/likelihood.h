// How likely a model finds a text behind a prompt. Measurements say what is to be scored and turn the scores into rows;
// scoring itself is the caller's affair, so that tests can answer for a model.
#pragma once

#include <string>
#include <vector>

#include "core/text/chat_format.h"

namespace dormouse::measure {

/// A prompt, and one way to go on.
struct Continuation {
  std::string user;   // a chat's message; "" for plain text, which is `begun` and then `text`
  std::string begun;  // what is read of the assistant's turn, or of the plain text
  std::string text;   // what is scored, without the end of the turn
};

struct Likelihood {
  double log_prob = 0;  // of all of the text's tokens, in nats; NaN: there is none, or it is too long for the model
  int64_t tokens = 0;
};

/// The row whose targets are the tokens of `text`. Plain text gets the tokenizer's own beginning of a document.
text::RenderedRow rendered(const text::ChatFormat& format, const Continuation& continuation);

}  // namespace dormouse::measure
