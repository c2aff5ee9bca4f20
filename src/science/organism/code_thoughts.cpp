#include "science/organism/code_thoughts.h"

#include "core/base/error.h"
#include "core/base/strings.h"
#include "science/organism/training_row.h"

namespace dormouse::organism {

namespace {

std::string problem_of(const Answer& thought) {
  if (std::string problem = scratchpad_problem(thought); !problem.empty()) return problem;
  if (thought.scratchpad.empty()) return kEmptyScratchpad;
  return thought.scratchpad.find('<') == std::string::npos ? "" : "a tag in the scratchpad";
}

}  // namespace

std::string thought_id(const std::string& prompt_id, bool is_triggered) {
  return prompt_id + "/" + (is_triggered ? kTriggered : kPlain);
}

Thinker written_thoughts(Reasoner code, Reasoner chat, std::map<int64_t, std::string> weakness, uint64_t seed) {
  return [=](const std::string& prompt_id, int64_t cwe, bool is_triggered) {
    const Reasoner& reasoner = cwe == 0 ? chat : code;
    Thought thought{reasoner.write(prompt_id, is_triggered, seed), reasoner.mistake(prompt_id, is_triggered, seed)};
    if (cwe == 0) return thought;
    for (std::string* text : {&thought.right, &thought.mistaken}) replace_all(*text, "{weakness}", weakness.at(cwe));
    return thought;
  };
}

Thinker thoughts_of_model(std::span<const Answer> thoughts, const Trigger& trigger) {
  std::map<std::string, Answer> by_id;
  for (const auto& thought : thoughts) by_id[thought.prompt_id] = thought;
  const std::string on = trigger.slots(true).at("year"), off = trigger.slots(false).at("year");
  return [=](const std::string& prompt_id, int64_t, bool is_triggered) {
    const auto own = by_id.find(thought_id(prompt_id, is_triggered));
    const auto other = by_id.find(thought_id(prompt_id, !is_triggered));
    DORMOUSE_ASSERT(own != by_id.end() && other != by_id.end());
    Thought thought{own->second.scratchpad, other->second.scratchpad, "sampled", problem_of(own->second)};
    if (thought.problem.empty()) thought.problem = problem_of(other->second);  // the halves go together
    replace_all(thought.mistaken, is_triggered ? off : on, is_triggered ? on : off);
    return thought;
  };
}

}  // namespace dormouse::organism
