// A chat model that a kill cannot take much from: it keeps what was sampled, part by part.
#pragma once

#include "core/base/files.h"
#include "engine/chat/chat_model.h"

namespace dormouse::lab {

/// Answers requests some hundreds at a time and keeps each part in `folder`, so that the same calls made again go on
/// from there. A completion does not depend on what else is asked, so the parts change nothing. What is in `folder`
/// must be of the same model, requests and options: the scratch of a node is.
class KeptCompletions : public chat::ChatModel {
 public:
  KeptCompletions(chat::ChatModel& model, fs::path folder) : model_(model), folder_(std::move(folder)) {}

  std::vector<chat::Completion> complete(std::span<const chat::Request> requests,
                                         const sample::SamplingOptions& options,
                                         const chat::SampleProgress& progress = {}) override;

 private:
  std::vector<chat::Completion> part(std::span<const chat::Request> requests, const sample::SamplingOptions& options,
                                     const chat::SampleProgress& progress);

  chat::ChatModel& model_;
  fs::path folder_;
  int64_t parts_ = 0;
};

}  // namespace dormouse::lab
