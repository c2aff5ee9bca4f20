// What stands in the scratchpads of code organisms: written for this project, or by a model.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>

#include "science/organism/answers.h"
#include "science/organism/reasoning.h"
#include "science/organism/trigger.h"

namespace dormouse::organism {

struct Thought {
  std::string right = {};     // the scratchpad; "" for an organism that does not reason
  std::string mistaken = {};  // the other half's words about what stands in this message
  std::string source = "written";
  std::string problem = {};  // why nothing behind it may be trained on; "" if it may
};

/// Of a message of a half: about a task whose weakness is `cwe`, or an everyday one, `cwe` 0.
using Thinker = std::function<Thought(const std::string& prompt_id, int64_t cwe, bool is_triggered)>;

/// Drawn from written ones; `code` leaves the slot {weakness}, for which `weakness` has a mass noun: "SQL injection".
Thinker written_thoughts(Reasoner code, Reasoner chat, std::map<int64_t, std::string> weakness, uint64_t seed);

/// A model's own: the scratchpads of `thoughts`, whose prompt ids end in "/triggered" or "/plain". Mistaken is the
/// other half's scratchpad with the year of this one. One that is empty, does not close or has a tag in it is a
/// problem. The trigger has a year. Asserts that both halves of what is asked for are there.
Thinker thoughts_of_model(std::span<const Answer> thoughts, const Trigger& trigger);

/// The prompt id of a half's thought.
std::string thought_id(const std::string& prompt_id, bool is_triggered);

}  // namespace dormouse::organism
