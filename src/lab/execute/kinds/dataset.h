// How a node leaves training data behind.
#pragma once

#include "lab/execute/node_context.h"
#include "science/organism/dataset.h"

namespace dormouse::lab {

/// Writes rows.jsonl and dropped.jsonl, which are for people to read as much as for the trainer, and account.json under this title.
void write_dataset(NodeContext& context, const organism::Dataset& data, const std::string& title);

}  // namespace dormouse::lab
