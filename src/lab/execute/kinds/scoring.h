// Scoring texts by likelihood inside a node: progress, memory, and work that outlives a kill.
#pragma once

#include <vector>

#include "engine/chat/local_model.h"
#include "lab/execute/node_context.h"
#include "lab/recipe/kinds.h"
#include "science/measure/likelihood.h"

namespace dormouse::lab {

/// How likely the model finds each text. Texts behind one prompt share its computation where they follow each other.
/// What is done is kept in the node's scratch. A row without text, or longer than the model's context, gives NaN.
std::vector<measure::Likelihood> score_continuations(NodeContext& context, chat::LocalModel& model,
                                                     const std::vector<measure::Continuation>& continuations);

/// Of score_continuations, where a prompt with its texts has up to `longest` tokens.
MemoryNeed memory_of_scoring(const weights::ModelConfig& model, int64_t longest = 0);

}  // namespace dormouse::lab
