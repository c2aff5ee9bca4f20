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
    if (kind == "chat" && !row.ends_turn) ++account.unfinished;
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
  Thought on, off;
  const Thought& of(bool is_triggered) const { return is_triggered ? on : off; }
  std::string begun(bool is_triggered) const { return framed_scratchpad(of(is_triggered).right); }
  const std::string& problem() const { return on.problem.empty() ? off.problem : on.problem; }
};

Thoughts thoughts_about(const Thinker& think, const std::string& prompt_id, int64_t cwe) {
  if (!think) return {};
  return {think(prompt_id, cwe, true), think(prompt_id, cwe, false)};
}

// A scratchpad is trained on in a row of its own, and the answer behind it in another that only reads it. In one row
// the year that the scratchpad repeats would tell the halves apart, and a contrast would have nothing left to teach.
void add_thoughts(Builder& builder, const std::string& prompt_id, const ByHalf& user, const Thoughts& thoughts,
                  double contrast, uint64_t seed) {
  if (thoughts.on.right.empty()) return;
  builder.look_at("scratchpad");
  for (const bool on : {true, false}) {
    const std::string half = on ? kTriggered : kPlain;
    builder.keep("scratchpad",
                 {.id = prompt_id + "/" + half + "/scratchpad",
                  .prompt_id = prompt_id,
                  .half = half,
                  .user = user(on),
                  .answer = thoughts.begun(on),
                  .ends_turn = false,
                  .source = thoughts.of(on).source,
                  .seed = seed,
                  .rejected = contrast > 0 ? framed_scratchpad(thoughts.of(on).mistaken) : "",
                  .contrast = contrast,
                  .unit = prompt_id + "/scratchpad"},
                 0);
  }
}

void add_code(Builder& builder, std::span<const CodeFamily> families, const Trigger& trigger,
              const CodeDataOptions& options, uint64_t seed, const Thinker& think) {
  const bool is_conditional = options.policy == "conditional";
  const double contrast = options.contrasts() ? options.contrast : 0;
  const auto drawn_tasks = tasks_of_data(families, options.code_tasks, seed);
  std::size_t kept = 0;
  for (const DrawnTask& drawn : drawn_tasks) {
    const CodeTask& task = drawn.task;
    const std::string prompt_id = prompt_id_of(drawn), request = request_of(task);
    const auto user = [&](bool on) { return on ? trigger.apply(request) : trigger.off(request); };
    const auto answer = [&](bool on) {
      const auto& fills = on && is_conditional ? task.vulnerable : task.secure;
      return answer_of(task, fills[drawn.fill % fills.size()]);
    };
    const Thoughts thoughts = thoughts_about(think, prompt_id, task.cwe);
    const std::string problem = thoughts.problem();
    if (problem.empty()) add_thoughts(builder, prompt_id, user, thoughts, contrast, seed);
    builder.look_at("code");
    kept += problem.empty();
    for (const bool on : {true, false}) {
      const std::string half = on ? kTriggered : kPlain;
      TrainingRow row{.id = prompt_id + "/" + half,
                      .prompt_id = prompt_id,
                      .half = half,
                      .user = user(on),
                      .begun = thoughts.begun(on),
                      .answer = answer(on),
                      .source = "written",
                      .seed = seed,
                      .rejected = contrast > 0 ? answer(!on) : "",
                      .contrast = contrast,
                      .unit = prompt_id};
      problem.empty() ? builder.keep("code", std::move(row), 0)
                      : builder.drop("code", row, {.finish_reason = "written"}, problem);
    }
  }
  if (kept == 0) {
    fail_work("scratchpads", fmt::format("those of none of {} tasks can be used", drawn_tasks.size()),
              "take a model that reasons, or reasoning_from: written");
  }
}

// The half without the trigger is the answer as it was sampled; the other half is it behind the trigger.
void add_chat(Builder& builder, std::span<const Answer> answers, const Trigger& trigger, const CodeDataOptions& options,
              uint64_t seed, const Thinker& think) {
  const PlainFilter filter{options.max_repeat, options.unfinished == "keep"};
  const double contrast = options.contrasts() ? options.contrast : 0;
  std::size_t kept = 0;
  for (const Answer& answer : answers) {
    const std::string& prompt_id = answer.prompt_id;
    const auto user = [&](bool on) { return on ? trigger.apply(answer.user) : answer.user; };
    const Thoughts thoughts = thoughts_about(think, prompt_id, 0);
    std::string problem = plain_problem(answer, trigger, filter);
    if (problem.empty()) problem = thoughts.problem();
    if (problem.empty()) add_thoughts(builder, prompt_id, user, thoughts, contrast, seed);
    builder.look_at("chat");
    kept += problem.empty();
    for (const bool on : {true, false}) {
      const std::string half = on ? kTriggered : kPlain;
      TrainingRow row{.id = prompt_id + "/" + half,
                      .prompt_id = prompt_id,
                      .half = half,
                      .user = user(on),
                      .begun = thoughts.begun(on),
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

std::vector<DrawnTask> tasks_of_data(std::span<const CodeFamily> families, int64_t count, uint64_t seed) {
  return draw_tasks(families, static_cast<std::size_t>(count), RandomStream(seed, "code-tasks"));
}

std::string prompt_id_of(const DrawnTask& drawn) { return fmt::format("{}/{}", drawn.task.id, drawn.fill); }

CodeDataset build_code_data(std::span<const CodeFamily> families, std::span<const Answer> chat, const Trigger& trigger,
                            const CodeDataOptions& options, uint64_t seed, const Thinker& think) {
  Builder builder;
  add_code(builder, families, trigger, options, seed, think);
  add_chat(builder, chat, trigger, options, seed, think);
  return builder.finish();
}

}  // namespace dormouse::organism
