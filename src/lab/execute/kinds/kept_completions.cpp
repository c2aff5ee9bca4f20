#include "lab/execute/kinds/kept_completions.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/json_lines.h"

namespace dormouse::lab {

namespace {

constexpr std::size_t kRequestsInPart = 256;  // a minute or less of sampling on two cores

Json to_json(const chat::Completion& completion) {
  return {{"prompt", completion.prompt},
          {"text", completion.text},
          {"prompt_tokens", completion.prompt_tokens},
          {"tokens", completion.tokens},
          {"finish_reason", completion.finish_reason},
          {"stop_text", completion.stop_text}};
}

chat::Completion completion_from_json(const Json& row, const std::string& place) {
  return {.prompt = json_string(row, "prompt", place),
          .text = json_string(row, "text", place),
          .prompt_tokens = json_int(row, "prompt_tokens", place),
          .tokens = json_int(row, "tokens", place),
          .finish_reason = json_string(row, "finish_reason", place),
          .stop_text = json_string(row, "stop_text", place)};
}

}  // namespace

std::vector<chat::Completion> KeptCompletions::complete(std::span<const chat::Request> requests,
                                                        const sample::SamplingOptions& options,
                                                        const chat::SampleProgress& progress) {
  std::vector<chat::Completion> all;
  int64_t tokens = 0;
  for (std::size_t first = 0; first < requests.size(); first += kRequestsInPart) {
    const auto shifted = [&](int64_t done, int64_t, int64_t sampled) {
      if (progress)
        progress(static_cast<int64_t>(first) + done, static_cast<int64_t>(requests.size()), tokens + sampled);
    };
    for (auto& completion :
         part(requests.subspan(first, std::min(kRequestsInPart, requests.size() - first)), options, shifted)) {
      tokens += completion.tokens;
      all.push_back(std::move(completion));
    }
  }
  return all;
}

std::vector<chat::Completion> KeptCompletions::part(std::span<const chat::Request> requests,
                                                    const sample::SamplingOptions& options,
                                                    const chat::SampleProgress& progress) {
  const fs::path file = folder_ / fmt::format("completions-{:04}.jsonl", parts_++);
  std::vector<chat::Completion> done;
  if (fs::exists(file)) {
    for_json_rows(file,
                  [&](const Json& row, const std::string& place) { done.push_back(completion_from_json(row, place)); });
  } else {
    done = model_.complete(requests, options, progress);
    std::string lines;
    for (const auto& completion : done) lines += canonical_json(to_json(completion)) + "\n";
    write_file(file, lines);
  }
  DORMOUSE_ASSERT(done.size() == requests.size());
  return done;
}

}  // namespace dormouse::lab
