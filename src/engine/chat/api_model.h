// A chat model behind an OpenAI-compatible API: messages go out, text comes back. Its answers cannot be sampled again
// bit for bit, whatever the seed; what the store keeps of them is the only record.
#pragma once

#include <string>
#include <vector>

#include "engine/chat/api_wire.h"
#include "engine/chat/chat_model.h"

namespace dormouse::chat {

class ApiModel final : public ChatModel {
 public:
  /// `place` names the options in errors. The key is read from the environment here and nowhere kept but in memory.
  /// Throws kInput for a bad address, a key that would go over the network unencrypted, or one that no header can hold.
  ApiModel(ApiOptions options, std::string place);

  /// Several requests at once; one that the API is too busy for is made again. Throws kInput for what the API has no
  /// words for (top_k, a turn that has begun) and for what it refuses (400s), kWork when it does not answer at all. A
  /// completion that ended for a reason of the API's own ("content_filter") has that as its finish_reason.
  std::vector<Completion> complete(std::span<const Request> requests, const sample::SamplingOptions& options,
                                   const SampleProgress& progress = {}) override;

 private:
  ApiOptions options_;
  std::string place_;
  Endpoint endpoint_;
  std::string key_;
};

}  // namespace dormouse::chat
