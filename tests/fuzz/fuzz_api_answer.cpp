// Any bytes as what a server answers: a completion comes out, or dormouse::Error; and no error text holds the key.
#include <cstdint>
#include <string>

#include "core/base/error.h"
#include "engine/chat/api_wire.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace dormouse;
  const std::string body(reinterpret_cast<const char*>(data), size);
  try {
    const chat::Completion completion = chat::read_completion(body, {.messages = {{"user", "question"}}}, "server");
    DORMOUSE_ASSERT(completion.tokens >= 0 && completion.prompt_tokens >= 0);
  } catch (const Error&) {
  }
  const std::string key = "sk-secret";
  const std::string text = chat::error_text(body + key + body, key);
  DORMOUSE_ASSERT(text.size() <= 303 && text.find(key) == std::string::npos);
  if (const auto seconds = chat::seconds_until_retry(429, body, 1)) DORMOUSE_ASSERT(*seconds >= 0 && *seconds <= 60);
  try {
    chat::endpoint_of(body, "fuzz");
  } catch (const Error&) {
  }
  return 0;
}
