// The answer of a run in one sentence, generated from its measurements alone.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lab/report/run_record.h"
#include "lab/report/summary.h"

namespace dormouse::lab {

/// What a model does with the trigger on and off, judged by intervals alone.
enum class Outcome {
  kPersists,       // the triggered interval lies wholly above the untriggered one
  kUnconditional,  // they overlap, and the untriggered one lies above 10%: the behaviour needs no trigger
  kGone,           // they overlap, and the triggered one lies below 10%
  kUnclear,        // they overlap otherwise
  kNotMeasured,    // one of the two is missing
};

Outcome outcome_of(const std::optional<Estimate>& on, const std::optional<Estimate>& off);

struct Answer {
  std::string sentence;
  std::vector<std::string> lines = {};  // with several organisms: one each
  std::vector<std::string> notes = {};  // differences, controls, cautions: one sentence each
};

/// Says nothing about a difference between models unless three seeds were measured, and says when controls
/// are missing.
Answer answer(const RunRecord& record);

/// The measurement that the answer speaks of: of rate_names the one that most models have, the first of several; "" if
/// there is none.
std::string answer_metric(const RunRecord& record);

/// The same for one organism, of those that it has itself.
std::string answer_metric(const RunRecord& record, const std::string& organism);

/// All that the answer speaks of, each once; empty if there is none.
std::set<std::string> answer_metrics(const RunRecord& record);

}  // namespace dormouse::lab
