// Models compared with the first of them, item by item.
#pragma once

#include <string>
#include <vector>

#include "lab/recipe/graph.h"

namespace dormouse::lab {

/// Adds a node like `spec` for each of the recipe's `models`, which is its role "model" and its label; it writes
/// items.jsonl. For each model but the first it also adds the node that compares the two.
void add_compared(GraphBuilder& builder, const std::vector<std::string>& models, NodeSpec spec);

}  // namespace dormouse::lab
