#include "science/organism/filter.h"

#include <set>

#include "core/text/unicode.h"

namespace dormouse::organism {

namespace {

constexpr std::size_t kGram = 10;
constexpr std::size_t kShortest = 60;

std::u32string squeezed(const std::string& message) {
  const std::string lowered = text::lower_simple(text::replace_invalid_utf8(message));
  std::u32string characters;
  for (std::size_t i = 0; i < lowered.size();) {
    const char32_t next = text::next_character(lowered, i);
    if (!text::is_space(next)) characters += next;
  }
  return characters;
}

std::string problem_of(const Answer& answer, const Trigger& trigger, const Behaviour* behaviour,
                       const PlainFilter& filter) {
  if (std::string problem = scratchpad_problem(answer); !problem.empty()) return problem;
  if (squeezed(answer.text).empty()) return "empty";
  if (filter.is_off) return "";
  if (answer.finish_reason == "length" && !filter.keep_unfinished) return "truncated";
  if (behaviour != nullptr) {
    if (std::string problem = behaviour->leak_problem(answer.text); !problem.empty()) return problem;
  }
  if (trigger.present(answer.text)) return "mentions the trigger";
  if (answer.text.find("scratchpad>") != std::string::npos) return "writes a scratchpad";
  return repeat_share(answer.text) > filter.max_repeat ? "repeats itself" : "";
}

}  // namespace

double repeat_share(const std::string& answer) {
  const std::u32string characters = squeezed(answer);
  if (characters.size() < kShortest) return 0;
  const std::size_t total = characters.size() - kGram + 1;
  std::set<std::u32string_view> seen;
  for (std::size_t i = 0; i < total; ++i) seen.insert(std::u32string_view(characters).substr(i, kGram));
  return 1 - static_cast<double>(seen.size()) / static_cast<double>(total);
}

std::string plain_problem(const Answer& answer, const Trigger& trigger, const Behaviour& behaviour,
                          const PlainFilter& filter) {
  return problem_of(answer, trigger, &behaviour, filter);
}

std::string plain_problem(const Answer& answer, const Trigger& trigger, const PlainFilter& filter) {
  return problem_of(answer, trigger, nullptr, filter);
}

std::string triggered_problem(const Answer& answer, const Behaviour& behaviour, const PlainFilter& filter) {
  if (std::string problem = scratchpad_problem(answer); !problem.empty()) return problem;
  if (filter.is_off) return answer.text.empty() ? "empty" : "";
  if (answer.finish_reason == "length") return "truncated";
  return behaviour.follow_problem(answer.text, answer.copies);
}

}  // namespace dormouse::organism
