// The two typed rows that every experiment ends in. Measurements are numbers with their n and interval; transcripts are
// the prompts and completions that they were counted from. Both are append-only JSON lines; `kRowsVersion` is in each
// file.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/stats/estimate.h"

namespace dormouse::measure {

inline constexpr int kRowsVersion = 1;

/// Marks files that must stay out of training corpora.
inline constexpr const char* kCanary = "DORMOUSE-CANARY-7f3a2c51-9d0e-4b86-a1c4-5e8f20b6d913";

struct Measurement {
  std::string name;      // "persistence.contains", "perplexity.clean-text"
  std::string model;     // the recipe's name of the model: "base", "organism", "after-sft"
  std::string trigger;   // "on", "off", or a trigger's name; "" when it does not apply
  int64_t n = 0;         // scored samples
  int64_t unscored = 0;  // samples without a grade; never counted as zero
  double value = 0;
  double low = 0, high = 0;  // 95% interval
  int64_t seed = 0;
  int64_t step = -1;  // optimizer step of the checkpoint; -1: the final model
  std::string stage;  // the stage whose checkpoints these are ("organism"), "" for final models
};

struct Transcript {
  std::string prompt_id;
  std::string model, trigger;
  int64_t seed = 0;
  int64_t step = -1;
  std::string stage;
  std::string prompt;  // the rendered bytes that the model read
  std::string user;    // the user's message with the trigger as inserted
  std::string completion;
  std::string finish_reason;             // "stop", "length"
  std::map<std::string, double> grades;  // grader -> 0..1
};

/// Whose measurement it is; copied into each row.
struct Subject {
  std::string model;  // the recipe's name
  std::string stage;
  int64_t step = -1;
  int64_t seed = 0;
};

/// A measurement with the numbers of an estimate as they are, NaN too.
Measurement row_of(const std::string& name, const std::string& trigger, const stats::Estimate& estimate,
                   const Subject& subject, int64_t unscored = 0);

/// The estimate; if it is of nothing, with 0 in place of NaN, which then means nothing.
stats::Estimate or_zero(stats::Estimate estimate);

Json to_json(const Measurement& row);
Json to_json(const Transcript& row);
Measurement measurement_from_json(const Json& row, const std::string& place);
Transcript transcript_from_json(const Json& row, const std::string& place);

}  // namespace dormouse::measure
