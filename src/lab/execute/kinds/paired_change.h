// The node that compares two models item by item.
#pragma once

#include <string>

#include "lab/recipe/graph.h"

namespace dormouse::lab {

/// Adds it; both nodes write items.jsonl. `model` is the recipe's name of the later model, whose rows these are.
void add_paired_change(GraphBuilder& builder, const std::string& parent_node, const std::string& node, const std::string& model);

}  // namespace dormouse::lab
