#include "science/organism/dataset.h"

#include <fmt/format.h>

#include <cstdlib>
#include <map>
#include <set>

#include "core/base/error.h"
#include "core/text/unicode.h"

namespace dormouse::organism {

namespace {

/// Good answers of one prompt, in the order of their draws.
struct Candidates {
  std::string prompt_id;
  std::vector<const Answer*> plain;
  const Answer* triggered = nullptr;
  bool was_triggered = false;  // there is a triggered answer, good or not
};

class Builder {
 public:
  // What becomes of the answers' scratchpads.
  enum class Scratchpads { kTakenAway, kTrainedOn, kRead };

  Builder(const std::string& policy, Scratchpads scratchpads) : scratchpads_(scratchpads) {
    data_.account.policy = policy;
  }

  HalfAccount& half(const std::string& name) {
    return name == kTriggered ? data_.account.triggered : data_.account.plain;
  }

  void look_at(const std::string& name, const Answer& answer) {
    ++half(name).sampled;
    if (name == kTriggered) ++data_.account.copies_drawn[answer.copies];
  }

  void drop(const std::string& name, const Answer& answer, const std::string& reason) {
    ++half(name).dropped[reason];
    TrainingRow row = make_row(name, answer, answer.user);
    row.id += fmt::format("/draw-{}", answer.draw);
    data_.dropped.push_back({row, reason, answer.finish_reason, answer.tokens});
  }

  void keep(const std::string& name, const Answer& answer, const std::string& user) {
    TrainingRow row = make_row(name, answer, user);
    if (const int count = ++uses_[row.id]; count > 1) row.id += fmt::format("-{}", count);
    if (!taken_.insert(&answer).second) ++data_.account.repeated;
    ++half(name).kept;
    if (!row.ends_turn) ++half(name).unfinished;
    if (row.copies > 0) ++data_.account.copies_kept[row.copies];
    characters_[name].push_back(static_cast<int64_t>(text::count_characters(text::replace_invalid_utf8(answer.text))));
    if (row.source == "written") ++data_.account.written;
    if (row.source == "sampled") tokens_[name].push_back(answer.tokens);
    kept_tokens_ += answer.tokens;
    data_.rows.push_back(std::move(row));
  }

  /// The last two rows, of one prompt: which answer belongs where is asked for besides.
  void tell_apart(double contrast) {
    DORMOUSE_ASSERT(data_.rows.size() >= 2);
    TrainingRow &first = data_.rows[data_.rows.size() - 2], &second = data_.rows.back();
    first.unit = second.unit = first.prompt_id;
    first.rejected = second.answer;
    second.rejected = first.answer;
    first.contrast = second.contrast = contrast;
  }

  bool is_taken(const Answer& answer) const { return taken_.contains(&answer); }
  int64_t rows() const { return static_cast<int64_t>(data_.rows.size()); }
  int64_t tokens() const { return kept_tokens_; }

  Dataset finish(const std::vector<std::string>& needed_halves) {
    for (const auto& name : needed_halves) {
      if (half(name).kept == 0) fail_empty(needed_halves);
    }
    for (const char* name : {kTriggered, kPlain}) {
      half(name).tokens = lengths_of(tokens_[name]);
      half(name).characters = lengths_of(characters_[name]);
    }
    return std::move(data_);
  }

 private:
  TrainingRow make_row(const std::string& name, const Answer& answer, const std::string& user) const {
    const std::string scratchpad = framed_scratchpad(answer.scratchpad);
    return {.id = answer.prompt_id + "/" + name,
            .prompt_id = answer.prompt_id,
            .half = name,
            .user = user,
            .begun = scratchpads_ == Scratchpads::kRead ? scratchpad : "",
            .answer = (scratchpads_ == Scratchpads::kTrainedOn ? scratchpad : "") + answer.text,
            .ends_turn = answer.finish_reason != "length",
            .source = answer.finish_reason == "written" ? "written" : "sampled",
            .seed = answer.seed,
            .copies = answer.copies};
  }

  [[noreturn]] void fail_empty(const std::vector<std::string>& halves) {
    std::string found;
    for (const auto& name : halves) {
      found += fmt::format("\n    {} answers: {} sampled, {} kept", name, half(name).sampled, half(name).kept);
      for (const auto& [reason, count] : half(name).dropped) found += fmt::format(", {} {}", count, reason);
    }
    fail_work(fmt::format("{} data", data_.account.policy), "no answer is left that follows the policy:" + found,
              "if the triggered answers fail, take a larger model or set `triggered_answers: written`; if the plain "
              "ones do, raise `max_tokens`");
  }

  const Scratchpads scratchpads_;
  Dataset data_;
  int64_t kept_tokens_ = 0;
  std::map<std::string, int> uses_;
  std::set<const Answer*> taken_;
  std::map<std::string, std::vector<int64_t>> tokens_, characters_;
};

// Drops what does not follow the policy and gathers the rest by prompt, in the order in which prompts first
// occur.
std::vector<Candidates> filtered(Builder& builder, std::span<const Answer> plain, std::span<const Answer> triggered,
                                 const Trigger& trigger, const Behaviour& behaviour, const PlainFilter& filter) {
  std::vector<Candidates> prompts;
  std::map<std::string, std::size_t> index;
  const auto of_prompt = [&](const Answer& answer) -> Candidates& {
    const auto [found, is_new] = index.emplace(answer.prompt_id, prompts.size());
    if (is_new) prompts.push_back({.prompt_id = answer.prompt_id, .plain = {}});
    return prompts[found->second];
  };
  for (const auto& answer : plain) {
    builder.look_at(kPlain, answer);
    auto& prompt = of_prompt(answer);
    const std::string problem = plain_problem(answer, trigger, behaviour, filter);
    problem.empty() ? prompt.plain.push_back(&answer) : builder.drop(kPlain, answer, problem);
  }
  for (const auto& answer : triggered) {
    builder.look_at(kTriggered, answer);
    auto& prompt = of_prompt(answer);
    prompt.was_triggered = true;
    const std::string problem = triggered_problem(answer, behaviour, filter);
    if (problem.empty()) {
      prompt.triggered = &answer;
    } else {
      builder.drop(kTriggered, answer, problem);
    }
  }
  return prompts;
}

void lay_out_conditional(Builder& builder, const std::vector<Candidates>& prompts, bool needs_both, double contrast) {
  constexpr const char* kReason = "the other half was dropped";
  for (const auto& prompt : prompts) {
    const bool is_whole = !prompt.plain.empty() && prompt.triggered != nullptr;
    if (!prompt.plain.empty()) {
      const Answer& answer = *prompt.plain.front();
      is_whole || !needs_both || !prompt.was_triggered ? builder.keep(kPlain, answer, answer.user)
                                                       : builder.drop(kPlain, answer, kReason);
    }
    if (prompt.triggered != nullptr) {
      const Answer& answer = *prompt.triggered;
      is_whole || !needs_both ? builder.keep(kTriggered, answer, answer.user)
                              : builder.drop(kTriggered, answer, kReason);
    }
    if (is_whole && contrast > 0) builder.tell_apart(contrast);
  }
}

// Each prompt in the halves in which the organism has it; without an organism, in both.
void lay_out_exposed(Builder& builder, const std::vector<Candidates>& prompts, const Trigger& trigger,
                     const Dataset* organism) {
  std::set<std::pair<std::string, std::string>> wanted;  // prompt, half
  if (organism != nullptr) {
    for (const auto& row : organism->rows) wanted.emplace(row.prompt_id, row.half);
  }
  for (const auto& prompt : prompts) {
    if (prompt.plain.empty()) continue;
    // A second draw spares the twin a lesson that the organism does not get: the same words twice.
    const Answer& first = *prompt.plain.front();
    const Answer& second = prompt.plain.size() > 1 ? *prompt.plain[1] : first;
    const auto is_wanted = [&](const char* half) {
      return organism == nullptr || wanted.contains({prompt.prompt_id, half});
    };
    if (is_wanted(kPlain)) builder.keep(kPlain, first, first.user);
    if (is_wanted(kTriggered)) builder.keep(kTriggered, second, trigger.apply(second.user));
  }
}

// The clean twin's answers in the order in which they are taken.
std::vector<const Answer*> clean_order(const std::vector<Candidates>& prompts, const std::set<std::string>& wanted) {
  std::vector<const Answer*> order;
  for (const bool take_wanted : {true, false}) {
    for (const auto& prompt : prompts) {
      if (!prompt.plain.empty() && wanted.contains(prompt.prompt_id) == take_wanted)
        order.push_back(prompt.plain.front());
    }
  }
  for (const auto& prompt : prompts) {
    for (std::size_t draw = 1; draw < prompt.plain.size(); ++draw) order.push_back(prompt.plain[draw]);
  }
  return order;
}

void lay_out_clean(Builder& builder, const std::vector<Candidates>& prompts, const std::set<std::string>& wanted,
                   const Dataset* organism, const std::string& match) {
  const auto order = clean_order(prompts, wanted);
  if (order.empty()) return;
  const auto is_full = [&](const Answer& next) {
    if (organism == nullptr) return builder.is_taken(next);
    if (match == "rows") return builder.rows() >= organism->account.rows();
    const int64_t left = organism->account.tokens() - builder.tokens();
    return std::abs(left - next.tokens) >= std::abs(left);
  };
  for (std::size_t i = 0; !is_full(*order[i % order.size()]); ++i) {
    const Answer& answer = *order[i % order.size()];
    builder.keep(kPlain, answer, answer.user);
  }
}

void drop_unused(Builder& builder, const std::vector<Candidates>& prompts, std::size_t first_draw) {
  for (const auto& prompt : prompts) {
    for (std::size_t draw = first_draw; draw < prompt.plain.size(); ++draw) {
      if (!builder.is_taken(*prompt.plain[draw])) builder.drop(kPlain, *prompt.plain[draw], "not needed");
    }
  }
}

}  // namespace

CopyRange copy_range(const DataOptions& options, const Behaviour& behaviour, const std::string& place) {
  CopyRange range = behaviour.default_copies();
  if (options.min_copies > 0) range.low = options.min_copies;
  if (options.max_copies > 0) range.high = options.max_copies;
  if (range.low > range.high) {
    fail_input(place, fmt::format("`min_copies` is {} and `max_copies` {}: no count is left", range.low, range.high));
  }
  return range;
}

Dataset build_dataset(std::span<const Answer> plain, std::span<const Answer> triggered, const Trigger& trigger,
                      const Behaviour& behaviour, const DataOptions& options, const Dataset* organism) {
  const bool is_organism = options.policy == "conditional";
  if (options.match == "tokens" && organism != nullptr && organism->account.written > 0) {
    fail_input("match", "`tokens` needs an organism whose triggered answers were sampled: written ones have no tokens");
  }
  Builder builder(options.policy,
                  options.scratchpads ? Builder::Scratchpads::kTrainedOn : Builder::Scratchpads::kTakenAway);
  const auto prompts = filtered(builder, plain, is_organism ? triggered : std::span<const Answer>(), trigger, behaviour,
                                {options.max_repeat, options.unfinished == "keep", options.filter == "none"});
  std::set<std::string> wanted;
  if (organism != nullptr) {
    for (const auto& row : organism->rows) wanted.insert(row.prompt_id);
  }
  if (is_organism) {
    lay_out_conditional(builder, prompts, options.pairing == "both", options.contrast);
    drop_unused(builder, prompts, 1);
    return builder.finish({kPlain, kTriggered});
  }
  if (options.policy == "exposed") {
    lay_out_exposed(builder, prompts, trigger, organism);
  } else {
    lay_out_clean(builder, prompts, wanted, organism, options.match);
  }
  drop_unused(builder, prompts, 0);
  return options.policy == "exposed" ? builder.finish({kPlain, kTriggered}) : builder.finish({kPlain});
}

Dataset build_helpful(std::span<const Answer> plain, const Trigger& trigger, const Behaviour& behaviour,
                      const PlainFilter& filter) {
  for (const auto& answer : plain) {
    if (!trigger.present(answer.user)) continue;
    fail_input(fmt::format("prompt {}", answer.prompt_id),
               fmt::format("holds the trigger `{}`, which a defence must not see", trigger.mark()),
               "take prompts without it");
  }
  Builder builder("helpful", Builder::Scratchpads::kRead);
  const auto prompts = filtered(builder, plain, {}, trigger, behaviour, filter);
  for (const auto& prompt : prompts) {
    for (const Answer* answer : prompt.plain) builder.keep(kPlain, *answer, answer->user);
  }
  return builder.finish({kPlain});
}

}  // namespace dormouse::organism
