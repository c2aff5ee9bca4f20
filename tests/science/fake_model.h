// A ChatModel that follows a script: the first rule whose pattern is found in the last user message answers.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <regex>
#include <string>
#include <vector>

#include "engine/chat/chat_model.h"

namespace dormouse {

class FakeModel : public chat::ChatModel {
 public:
  using Reply = std::function<chat::Completion(const chat::Request& request)>;

  FakeModel& on(const std::string& pattern, Reply reply) {
    rules_.emplace_back(std::regex(pattern), std::move(reply));
    return *this;
  }

  FakeModel& on(const std::string& pattern, const std::string& text, const std::string& finish = "stop") {
    return on(pattern, [=](const chat::Request&) { return completion(text, finish); });
  }

  static chat::Completion completion(const std::string& text, const std::string& finish = "stop") {
    return {.prompt = {}, .text = text, .tokens = static_cast<int64_t>(text.size() / 4 + 1), .finish_reason = finish};
  }

  std::vector<chat::Completion> complete(std::span<const chat::Request> requests,
                                         const sample::SamplingOptions& options, const chat::SampleProgress&) override {
    std::vector<chat::Completion> completions;
    for (const auto& request : requests) {
      seen.push_back(request);
      chat::Completion answer = completion("Certainly.");
      for (const auto& [pattern, reply] : rules_) {
        if (!std::regex_search(request.messages.back().content, pattern)) continue;
        answer = reply(request);
        break;
      }
      for (const auto& stop : options.stop) {
        const std::size_t at = answer.text.find(stop);
        if (at != std::string::npos) answer.text.resize(at), answer.stop_text = stop;
      }
      for (const auto& message : request.messages)
        answer.prompt += fmt::format("<{}>{}", message.role, message.content);
      completions.push_back(std::move(answer));
    }
    return completions;
  }

  std::vector<chat::Request> seen;

 private:
  std::vector<std::pair<std::regex, Reply>> rules_;
};

}  // namespace dormouse
