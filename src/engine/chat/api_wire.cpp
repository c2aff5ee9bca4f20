#include "engine/chat/api_wire.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/base/error.h"
#include "core/base/strings.h"

namespace dormouse::chat {

namespace {

constexpr std::size_t kLongestError = 300;  // bytes

Json messages_of(const Request& request) {
  Json messages = Json::array();
  for (const auto& message : request.messages)
    messages.push_back({{"role", message.role}, {"content", message.content}});
  return messages;
}

bool is_this_machine(std::string_view host) {
  const std::string_view name = host.substr(0, host.starts_with('[') ? host.find(']') + 1 : host.rfind(':'));
  return name == "localhost" || name == "[::1]" || name.starts_with("127.");
}

/// nullopt if it is no JSON that we take.
std::optional<Json> parsed(std::string_view body) {
  try {
    return parse_json(body, "answer");
  } catch (const Error&) {
    return std::nullopt;
  }
}

int64_t count_at(const Json& body, const char* key) {
  const auto usage = body.find("usage");
  if (usage == body.end() || !usage->is_object()) return 0;
  const auto count = usage->find(key);
  return count != usage->end() && count->is_number_integer() ? std::max<int64_t>(count->get<int64_t>(), 0) : 0;
}

std::string text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

Endpoint endpoint_of(const std::string& base_url, const std::string& place) {
  const bool encrypted = base_url.starts_with("https://");
  const std::size_t host = encrypted ? 8 : 7;
  const std::size_t path = std::min(base_url.find('/', host), base_url.size());
  const std::string_view name = std::string_view(base_url).substr(std::min(host, path), path - std::min(host, path));
  if ((!encrypted && !base_url.starts_with("http://")) || name.empty() ||
      base_url.find_first_of(" \t\r\n?#@") != std::string::npos) {
    fail_input(place, "`base_url`: expected http://HOST:PORT/PATH or https://HOST/PATH, without user name or query");
  }
  std::string behind = base_url.substr(path);
  while (behind.ends_with('/')) behind.pop_back();
  return {base_url.substr(0, path), behind + "/chat/completions", encrypted || is_this_machine(name)};
}

Json request_body(const ApiOptions& api, const Request& request, const sample::SamplingOptions& options) {
  DORMOUSE_ASSERT(options.top_k == 0 && request.begun.empty());
  Json body{{"model", api.model},
            {"messages", messages_of(request)},
            {"temperature", options.temperature},
            {"top_p", options.top_p},
            {api.length_key, options.max_tokens}};
  if (!options.stop.empty()) body["stop"] = options.stop;
  if (api.send_seed) body["seed"] = request.seed & 0x7fffffff;  // servers keep it in 32 bits with a sign
  return body;
}

Completion read_completion(std::string_view body, const Request& request, const std::string& place) {
  const auto fail = [&](const std::string& what) { fail_work(place, "the answer is no chat completion: " + what); };
  const Json answer = parsed(body).value_or(Json());
  if (!answer.is_object()) fail("it is not a JSON object");
  const auto choices = answer.find("choices");
  if (choices == answer.end() || !choices->is_array() || choices->empty()) fail("no `choices`");
  const Json& choice = choices->front();
  const auto message = choice.is_object() ? choice.find("message") : choice.end();
  if (!choice.is_object() || message == choice.end() || !message->is_object()) fail("no `message` in its first choice");
  return {.prompt = canonical_json(messages_of(request)),
          .text = text_at(*message, "content"),
          .prompt_tokens = count_at(answer, "prompt_tokens"),
          .tokens = count_at(answer, "completion_tokens"),
          .finish_reason = text_at(choice, "finish_reason")};
}

bool may_pass(int status) { return status == 0 || status == 408 || status == 429 || status >= 500; }

std::optional<double> seconds_until_retry(int status, const std::string& retry_after, int64_t attempt) {
  if (!may_pass(status)) return std::nullopt;
  int64_t asked = 0;
  const auto [end, error] = std::from_chars(retry_after.data(), retry_after.data() + retry_after.size(), asked);
  const bool is_number = error == std::errc() && end == retry_after.data() + retry_after.size() && asked >= 0;
  const double seconds = is_number ? static_cast<double>(asked) : std::exp2(static_cast<double>(attempt - 1));
  return std::min(seconds, 60.0);
}

std::string error_text(std::string_view body, const std::string& key) {
  const Json answer = parsed(body).value_or(Json());
  std::string text;
  if (answer.is_object()) {
    const auto error = answer.find("error");
    if (error != answer.end()) text = error->is_object() ? text_at(*error, "message") : text_at(answer, "error");
    if (text.empty()) text = text_at(answer, "message");
  }
  if (text.empty()) text = body;
  if (!key.empty()) replace_all(text, key, "***");
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  if (text.size() > kLongestError) text.replace(kLongestError, std::string::npos, "...");
  return text;
}

}  // namespace dormouse::chat
