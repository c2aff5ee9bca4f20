// What nodes that make training data write.
#pragma once

#include <string>
#include <vector>

#include "lab/execute/node_context.h"
#include "science/organism/dataset.h"

namespace dormouse::lab {

/// rows.jsonl and dropped.jsonl: for people to read as much as for the trainer.
void write_rows(NodeContext& context, const std::vector<organism::TrainingRow>& rows,
                const std::vector<organism::DroppedRow>& dropped);

/// The rows with account.json under this title.
void write_dataset(NodeContext& context, const organism::Dataset& data, const std::string& title);

/// One part of a data set as a row of the report's account, with lengths as a person reads them.
Json account_row(const std::string& name, const Json& half);

}  // namespace dormouse::lab
