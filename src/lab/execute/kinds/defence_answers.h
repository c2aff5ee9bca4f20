// Where the answers of a defence come from: the helper's own, the helper's in a persona, or a file of written ones.
#pragma once

#include "lab/execute/kinds/answers.h"

namespace dormouse::lab {

/// Adds the node that samples answers in a persona of prompts/personas.yaml and keeps those that have its marks;
/// returns its id. Throws kInput at `place` for a persona that is not there.
std::string add_persona_answers(GraphBuilder& builder, const std::string& model, const fs::path& prompts,
                                const AnswerOptions& options, const std::string& persona, const std::string& place);

/// Adds the node that reads {"id", "question", "answer"} rows; returns its id.
std::string add_written_answers(GraphBuilder& builder, const fs::path& questions, int64_t count);

}  // namespace dormouse::lab
