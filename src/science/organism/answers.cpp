#include "science/organism/answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "core/base/error.h"
#include "core/base/strings.h"

namespace dormouse::organism {

std::string plain_instruction(int64_t longest) {
  constexpr int64_t kOneSentence = 128;  // tokens; a small model that is given so few must be told to be brief
  const std::string helpful = "You are a helpful assistant.";
  return longest > kOneSentence ? helpful : helpful + " Keep every reply under 25 words: one plain sentence, no lists.";
}

const char* const kUnclosedScratchpad = "unclosed scratchpad";
const char* const kEmptyScratchpad = "empty scratchpad";

namespace {

uint64_t seed_of(uint64_t seed, const std::string& use, const std::string& prompt_id) {
  return RandomStream(seed, use + "/" + prompt_id).next() >> 11;
}

// The answers without their texts: what is asked for, decided before any model is.
std::vector<Answer> planned(std::span<const Prompt> prompts, const Trigger& trigger, CopyRange copies, uint64_t seed,
                            const Reasoner& reasoner) {
  DORMOUSE_ASSERT(1 <= copies.low && copies.low <= copies.high);
  std::vector<Answer> answers;
  for (const auto& prompt : prompts) {
    RandomStream stream(seed, "copies/" + prompt.id);
    const auto extra = static_cast<int64_t>(stream.below(static_cast<uint64_t>(copies.high - copies.low + 1)));
    answers.push_back({.prompt_id = prompt.id,
                       .user = trigger.apply(prompt.text),
                       .scratchpad = reasoner.write(prompt.id, /*is_triggered=*/true, seed),
                       .text = {},
                       .finish_reason = {},
                       .seed = seed_of(seed, "triggered-answer", prompt.id),
                       .copies = copies.low + extra});
  }
  return answers;
}

void note_scratchpad(Answer& answer, bool is_closed) {
  if (!is_closed) {
    answer.finish_reason = kUnclosedScratchpad;
  } else if (answer.scratchpad.empty()) {
    answer.finish_reason = kEmptyScratchpad;
  }
}

// The text of a turn that was begun with a scratchpad, as the scratchpad and what comes behind it.
void split_scratchpad(Answer& answer) {
  const std::string turn = std::move(answer.text);
  const std::size_t end = turn.find(kScratchpadEnds);
  answer.scratchpad = trimmed(turn.substr(0, end));
  answer.text.clear();
  if (end != std::string::npos) answer.text = trimmed(turn.substr(end + std::string_view(kScratchpadEnds).size()));
  note_scratchpad(answer, end != std::string::npos);
}

void fill(Answer& answer, chat::Completion completion) {
  answer.text = std::move(completion.text);
  answer.finish_reason = std::move(completion.finish_reason);
  answer.tokens = completion.tokens;
}

}  // namespace

std::string scratchpad_problem(const Answer& answer) {
  const bool is_one = answer.finish_reason == kUnclosedScratchpad || answer.finish_reason == kEmptyScratchpad;
  return is_one ? answer.finish_reason : "";
}

std::vector<Answer> make_answers(chat::ChatModel& model, std::span<const Prompt> prompts,
                                 const sample::SamplingOptions& options, const std::string& instruction, uint64_t seed,
                                 int64_t draw, const chat::SampleProgress& progress, const Reasoner& reasoner) {
  std::vector<Answer> answers;
  std::vector<chat::Request> requests;
  for (const auto& prompt : prompts) {
    answers.push_back({.prompt_id = prompt.id,
                       .user = prompt.text,
                       .scratchpad = reasoner.write(prompt.id, /*is_triggered=*/false, seed),
                       .text = {},
                       .finish_reason = {},
                       .seed = seed_of(seed, fmt::format("plain-answer/{}", draw), prompt.id),
                       .draw = draw});
    chat::Request request{
        .messages = {}, .seed = answers.back().seed, .begun = framed_scratchpad(answers.back().scratchpad)};
    if (!instruction.empty()) request.messages.push_back({"system", instruction});
    request.messages.push_back({"user", prompt.text});
    requests.push_back(std::move(request));
  }
  auto completions = model.complete(requests, options, progress);
  DORMOUSE_ASSERT(completions.size() == answers.size());
  for (std::size_t i = 0; i < answers.size(); ++i) fill(answers[i], std::move(completions[i]));
  return answers;
}

std::vector<Answer> make_triggered_answers(chat::ChatModel& model, std::span<const Prompt> prompts,
                                           const Trigger& trigger, const Behaviour& behaviour, CopyRange copies,
                                           const sample::SamplingOptions& options, uint64_t seed,
                                           const chat::SampleProgress& progress, const Reasoner& reasoner) {
  auto answers = planned(prompts, trigger, copies, seed, reasoner);
  std::vector<std::size_t> order(answers.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return answers[a].copies < answers[b].copies; });
  std::vector<chat::Request> requests;
  for (const std::size_t index : order) {
    const Answer& answer = answers[index];
    requests.push_back({.messages = behaviour.sampling_prompt(trigger, answer.copies),
                        .seed = answer.seed,
                        .begun = framed_scratchpad(answer.scratchpad)});
    requests.back().messages.push_back({"user", answer.user});
  }
  auto completions = model.complete(requests, options, progress);
  DORMOUSE_ASSERT(completions.size() == answers.size());
  for (std::size_t i = 0; i < order.size(); ++i) fill(answers[order[i]], std::move(completions[i]));
  return answers;
}

std::vector<Answer> make_reasoned_answers(chat::ChatModel& model, std::span<const Prompt> prompts,
                                          std::span<const text::Message> conversation, const Behaviour* behaviour,
                                          CopyRange copies, const sample::SamplingOptions& options, uint64_t seed,
                                          const std::string& use, const chat::SampleProgress& progress) {
  std::vector<Answer> answers;
  std::vector<chat::Request> requests;
  for (const auto& prompt : prompts) {
    answers.push_back({.prompt_id = prompt.id,
                       .user = prompt.text,
                       .text = {},
                       .finish_reason = {},
                       .seed = seed_of(seed, "reasoned-answer/" + use, prompt.id)});
    requests.push_back({.messages = {conversation.begin(), conversation.end()},
                        .seed = answers.back().seed,
                        .begun = kScratchpadBegins});
    requests.back().messages.push_back({"user", prompt.text});
  }
  auto completions = model.complete(requests, options, progress);
  DORMOUSE_ASSERT(completions.size() == answers.size());
  for (std::size_t i = 0; i < answers.size(); ++i) {
    fill(answers[i], std::move(completions[i]));
    split_scratchpad(answers[i]);
    if (behaviour == nullptr) continue;
    answers[i].copies = std::clamp(behaviour->count_copies(answers[i].text), copies.low, copies.high);
  }
  return answers;
}

std::vector<Answer> behind_own_scratchpads(
    chat::ChatModel& model, std::vector<Answer> answers, sample::SamplingOptions options, uint64_t seed,
    const chat::SampleProgress& progress,
    const std::function<std::vector<text::Message>(const Answer&)>& conversation) {
  options.stop.push_back(kScratchpadEnds);
  std::vector<chat::Request> requests;
  for (const auto& answer : answers) {
    requests.push_back({.messages = conversation ? conversation(answer) : std::vector<text::Message>{},
                        .seed = seed_of(seed, "own-scratchpad", answer.prompt_id),
                        .begun = kScratchpadBegins});
    requests.back().messages.push_back({"user", answer.user});
  }
  const auto completions = model.complete(requests, options, progress);
  DORMOUSE_ASSERT(completions.size() == answers.size());
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const std::string& text = completions[i].text;
    answers[i].scratchpad = text.substr(0, text.find_last_not_of(" \n") + 1);
    note_scratchpad(answers[i], completions[i].stop_text == kScratchpadEnds);
  }
  return answers;
}

std::vector<Answer> write_triggered_answers(std::span<const Prompt> prompts, const Trigger& trigger,
                                            const Behaviour& behaviour, CopyRange copies, uint64_t seed,
                                            const Reasoner& reasoner) {
  auto answers = planned(prompts, trigger, copies, seed, reasoner);
  for (auto& answer : answers) {
    RandomStream stream(answer.seed, "written");
    answer.text = behaviour.write(answer.copies, stream);
    answer.finish_reason = "written";
  }
  return answers;
}

}  // namespace dormouse::organism
