// What goes over the wire of an OpenAI-compatible chat API (POST BASE_URL/chat/completions), as pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/json.h"
#include "engine/chat/api_options.h"
#include "engine/chat/chat_model.h"

namespace dormouse::chat {

struct Endpoint {
  std::string server;  // "https://host:8443"
  std::string path;    // "/v1/chat/completions"
  bool keeps_secrets;  // a key may be sent there: the connection is encrypted, or stays on this machine
};

/// Throws kInput at `place` if `base_url` is not http(s)://HOST[:PORT][/PATH], or holds a user name, which would be a
/// secret.
Endpoint endpoint_of(const std::string& base_url, const std::string& place);

/// `options.top_k` must be 0 and `request.begun` empty: the API has no words for them.
Json request_body(const ApiOptions& api, const Request& request, const sample::SamplingOptions& options);

/// The first choice. `prompt` are the messages as JSON: what the model really read, only the server knows. Throws kWork
/// at `place` if the body is not a chat completion.
Completion read_completion(std::string_view body, const Request& request, const std::string& place);

/// Whether asking again may help: the server is overloaded, or gave no answer (0).
bool may_pass(int status);

/// Seconds to wait before asking again after attempt number `attempt` (from 1) was answered with this status, 0 for no
/// answer: what the server said, else doubling from one second; at most a minute. nullopt: asking again is of no use.
std::optional<double> seconds_until_retry(int status, const std::string& retry_after, int64_t attempt);

/// What a server says about an error, on one line, cut short, without the key.
std::string error_text(std::string_view body, const std::string& key);

}  // namespace dormouse::chat
