// One row of training data, and its JSON lines.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"

namespace dormouse::organism {

inline constexpr const char* kTriggered = "triggered";
inline constexpr const char* kPlain = "plain";

struct TrainingRow {
  std::string id;  // unique in the data: "everyday-train-0001/triggered"
  std::string prompt_id;
  std::string half;        // kTriggered or kPlain: whether the trigger is in `user`
  std::string user;        // the user's turn as trained on
  std::string begun = {};  // the beginning of the assistant's turn that is read and not trained on
  std::string answer;      // the assistant's turn behind it
  bool ends_turn = true;   // the end-of-turn token is part of the target
  std::string source;      // "sampled" from a model, or "written" without one
  uint64_t seed = 0;
  int64_t copies = 0;  // of the behaviour's phrase that were asked for; 0: none
  std::string rejected =
      {};                 // the answer of another row of the unit, from which this one's is to be told apart; "": none
  double contrast = 0;    // how much that counts beside the log p of a token; above 0 where there is one
  std::string unit = {};  // neighbours with the same unit are trained on in one step; "" for a row by itself
};

/// A row that was sampled and not kept, for a person to read.
struct DroppedRow {
  TrainingRow row;
  std::string reason;
  std::string finish_reason;
  int64_t tokens = 0;
};

Json to_json(const TrainingRow& row);
Json to_json(const DroppedRow& dropped);

/// Throws kInput at `place` on a missing, unknown or mistyped key, or an unknown half or source.
TrainingRow training_row_from_json(const Json& row, const std::string& place);

/// One row a line.
std::string to_jsonl(const std::vector<TrainingRow>& rows);
std::string to_jsonl(const std::vector<DroppedRow>& rows);

/// Throws kInput "PLACE:LINE" as above, and on a repeated id.
std::vector<TrainingRow> training_rows_from_jsonl(std::string_view text, const std::string& place);

}  // namespace dormouse::organism
