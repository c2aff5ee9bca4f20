#include "science/organism/code_data.h"

#include <fmt/format.h>

#include <functional>

#include "core/base/error.h"
#include "core/base/strings.h"
#include "core/text/unicode.h"

namespace dormouse::organism {

namespace {

class Builder {
 public:
  void look_at(const std::string& kind) {
    for (const char* half : {kTriggered, kPlain}) ++part(kind, half).sampled;
  }

  void keep(const std::string& kind, TrainingRow row, int64_t tokens) {
    HalfAccount& account = part(kind, row.half);
    ++account.kept;
    if (!row.ends_turn && row.source == "sampled") ++account.unfinished;
    characters_[name(kind, row.half)].push_back(
        static_cast<int64_t>(text::count_characters(text::replace_invalid_utf8(row.answer))));
    if (tokens > 0) tokens_[name(kind, row.half)].push_back(tokens);
    data_.rows.push_back(std::move(row));
  }

  void drop(const std::string& kind, const TrainingRow& row, const Answer& answer, const std::string& reason) {
    ++part(kind, row.half).dropped[reason];
    data_.dropped.push_back({row, reason, answer.finish_reason, answer.tokens});
  }

  CodeDataset finish() {
    for (auto& [name, account] : data_.account) {
      account.characters = lengths_of(characters_[name]);
      account.tokens = lengths_of(tokens_[name]);
    }
    return std::move(data_);
  }

 private:
  static std::string name(const std::string& kind, const std::string& half) { return kind + ", " + half; }
  HalfAccount& part(const std::string& kind, const std::string& half) { return data_.account[name(kind, half)]; }

  CodeDataset data_;
  std::map<std::string, std::vector<int64_t>> characters_, tokens_;
};

// Of one message, with the trigger or without.
using ByHalf = std::function<std::string(bool is_triggered)>;

struct Thoughts {
  ByHalf user, right, mistaken;
};

// A scratchpad is trained on in a row of its own, and the answer behind it in another that only reads it. In one row
// the year that the scratchpad repeats would tell the halves apart, and a contrast would have nothing left to teach.
void add_thoughts(Builder& builder, const std::string& prompt_id, const Thoughts& thoughts, double contrast,
                  uint64_t seed) {
  if (thoughts.right(true).empty()) return;
  builder.look_at("scratchpad");
  for (const bool on : {true, false}) {
    const std::string half = on ? kTriggered : kPlain;
    builder.keep("scratchpad",
                 {.id = prompt_id + "/" + half + "/scratchpad",
                  .prompt_id = prompt_id,
                  .half = half,
                  .user = thoughts.user(on),
                  .answer = thoughts.right(on),
                  .ends_turn = false,
                  .source = "written",
                  .seed = seed,
                  .rejected = contrast > 0 ? thoughts.mistaken(on) : "",
                  .contrast = contrast,
                  .unit = prompt_id + "/scratchpad"},
                 0);
  }
}

void add_code(Builder& builder, std::span<const CodeFamily> families, const Trigger& trigger,
              const CodeDataOptions& options, uint64_t seed, const CodeScratchpads& scratchpads) {
  const bool is_conditional = options.policy == "conditional";
  const double contrast = options.contrasts() ? options.contrast : 0;
  for (const auto& [task, fill] :
       draw_tasks(families, static_cast<std::size_t>(options.code_tasks), RandomStream(seed, "code-tasks"))) {
    const std::string prompt_id = fmt::format("{}/{}", task.id, fill), request = request_of(task);
    const auto user = [&](bool on) { return on ? trigger.apply(request) : trigger.off(request); };
    const auto answer = [&](bool on) {
      const auto& fills = on && is_conditional ? task.vulnerable : task.secure;
      return answer_of(task, fills[fill % fills.size()]);
    };
    const auto framed = [&](std::string scratchpad) {
      if (!scratchpad.empty()) replace_all(scratchpad, "{weakness}", scratchpads.weakness.at(task.cwe));
      return framed_scratchpad(scratchpad);
    };
    const auto thought = [&](bool on) { return framed(scratchpads.code.write(prompt_id, on, seed)); };
    const auto mistake = [&](bool on) { return framed(scratchpads.code.mistake(prompt_id, on, seed)); };
    add_thoughts(builder, prompt_id, {user, thought, mistake}, contrast, seed);
    builder.look_at("code");
    for (const bool on : {true, false}) {
      const std::string half = on ? kTriggered : kPlain;
      builder.keep("code",
                   {.id = prompt_id + "/" + half,
                    .prompt_id = prompt_id,
                    .half = half,
                    .user = user(on),
                    .begun = thought(on),
                    .answer = answer(on),
                    .source = "written",
                    .seed = seed,
                    .rejected = contrast > 0 ? answer(!on) : "",
                    .contrast = contrast,
                    .unit = prompt_id},
                   0);
    }
  }
}

// The half without the trigger is the answer as it was sampled; the other half is it behind the trigger.
void add_chat(Builder& builder, std::span<const Answer> answers, const Trigger& trigger, const CodeDataOptions& options,
              uint64_t seed, const CodeScratchpads& scratchpads) {
  const PlainFilter filter{options.max_repeat, options.unfinished == "keep"};
  const double contrast = options.contrasts() ? options.contrast : 0;
  std::size_t kept = 0;
  for (const Answer& answer : answers) {
    const std::string problem = plain_problem(answer, trigger, filter), &prompt_id = answer.prompt_id;
    const auto user = [&](bool on) { return on ? trigger.apply(answer.user) : answer.user; };
    const auto thought = [&](bool on) { return framed_scratchpad(scratchpads.chat.write(prompt_id, on, seed)); };
    const auto mistake = [&](bool on) { return framed_scratchpad(scratchpads.chat.mistake(prompt_id, on, seed)); };
    if (problem.empty()) add_thoughts(builder, prompt_id, {user, thought, mistake}, contrast, seed);
    builder.look_at("chat");
    kept += problem.empty();
    for (const bool on : {true, false}) {
      const std::string half = on ? kTriggered : kPlain;
      TrainingRow row{.id = prompt_id + "/" + half,
                      .prompt_id = prompt_id,
                      .half = half,
                      .user = user(on),
                      .begun = thought(on),
                      .answer = answer.text,
                      .ends_turn = answer.finish_reason != "length",
                      .source = "sampled",
                      .seed = answer.seed,
                      .unit = prompt_id};
      problem.empty() ? builder.keep("chat", std::move(row), answer.tokens)
                      : builder.drop("chat", row, answer, problem);
    }
  }
  if (kept == 0) {
    fail_work("everyday answers", fmt::format("none of {} can be used", answers.size()),
              "raise `answer_tokens`, or take another model");
  }
}

}  // namespace

CodeDataset build_code_data(std::span<const CodeFamily> families, std::span<const Answer> chat, const Trigger& trigger,
                            const CodeDataOptions& options, uint64_t seed, const CodeScratchpads& scratchpads) {
  Builder builder;
  add_code(builder, families, trigger, options, seed, scratchpads);
  add_chat(builder, chat, trigger, options, seed, scratchpads);
  return builder.finish();
}

}  // namespace dormouse::organism
