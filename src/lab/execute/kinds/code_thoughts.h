// The node in which a model reasons about each message of a code organism's data.
#pragma once

#include <string>

#include "lab/recipe/graph.h"
#include "science/organism/code_data.h"

namespace dormouse::lab {

struct CodeThoughts {
  std::string model;    // a name of the recipe
  std::string chat;     // the node of the everyday answers, whose own scratchpads stand for the half without a trigger
  std::string trigger;  // one with a year
  std::string variant;  // of prompts/scratchpad/few-shot.yaml
  fs::path tasks;
  int64_t code_tasks = 0;
  int64_t chat_rows = 0;  // about how many everyday answers
};

/// Returns the node's id: an answers.jsonl of scratchpads, its prompt ids as organism::thought_id makes them.
std::string add_code_thoughts(GraphBuilder& builder, const CodeThoughts& thoughts);

}  // namespace dormouse::lab
