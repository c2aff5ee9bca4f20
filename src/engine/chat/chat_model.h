// One interface for everything that answers a chat: a model on this machine, or one behind an API. Experiments see only
// this.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/text/message.h"
#include "engine/sample/options.h"

namespace dormouse::chat {

struct Request {
  std::vector<text::Message> messages;
  uint64_t seed = 0;       // of this request alone: the completion does not depend on what else is in the batch
  std::string begun = {};  // the assistant's turn so far; the completion goes on from it
};

struct Completion {
  std::string prompt;  // the rendered bytes the model read; behind an API, the messages as JSON
  std::string text;    // without the end-of-turn token and without the stop text
  int64_t prompt_tokens = 0;
  int64_t tokens = 0;         // sampled, the end-of-turn token included
  std::string finish_reason;  // "stop" (end of turn or stop text), "length", or an API's own
  std::string stop_text;      // the stop text that ended it; "" for the end of the turn, and where an API does not say
};

/// `done` of `total` requests are finished; `tokens` were sampled so far.
using SampleProgress = std::function<void(int64_t done, int64_t total, int64_t tokens)>;

class ChatModel {
 public:
  virtual ~ChatModel() = default;

  /// One completion a request, in order.
  virtual std::vector<Completion> complete(std::span<const Request> requests, const sample::SamplingOptions& options,
                                           const SampleProgress& progress = {}) = 0;
};

}  // namespace dormouse::chat
