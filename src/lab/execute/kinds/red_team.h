// What a `red-team` stage leaves behind for the stages that train on its attacks or send them again.
#pragma once

#include <string>
#include <vector>

#include "lab/execute/kinds/node_options.h"
#include "science/defence/red_team.h"
#include "science/grade/grader.h"

namespace dormouse::lab {

inline constexpr const char* kRedTeamNode = "red-team";
inline constexpr const char* kAttacksFile = "attacks.jsonl";        // every attempt
inline constexpr const char* kSuccessfulFile = "successful.jsonl";  // counted attacks that succeeded

/// Rows of either file; empty if there is no such file. A row's "id", "user", "split" (train or held-out) and "success"
/// will stay as they are called.
std::vector<defence::Attack> read_attacks(const fs::path& file);

/// Throws kInput at `place` unless `stage` (a name of the recipe, in the role "attacks" of the node) is a red team.
void check_is_red_team(const GraphBuilder& builder, const std::string& node, const std::string& stage,
                       const std::string& place);

/// The grader that decides on an attack: the behaviour's first, its most lenient.
std::unique_ptr<grade::Grader> grader_of_attacks(const std::string& behaviour, const std::string& place);

}  // namespace dormouse::lab
