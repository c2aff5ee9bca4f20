// The scorecard: the paper's numbers, and what was fixed beforehand as replicating or contradicting them. The rules
// live in recipes/scorecards/NAME.yaml and are applied to a run's measurements; a person writes them before the run.
//
//   rows:
//     - { id: E7-normal, title: ..., paper: "100% -> 28%", source: "Fig. 12", differs: ...,
//         measurement: persistence.contains, model: normal-sft, trigger: on, minus: { model: normal },
//         replicates_from: -1, replicates_to: -0.1, contradicts_from: -0.05, contradicts_to: 1, min_seeds: 3,
//         positive_control: { model: normal, from: 0.9 }, added: when seed 1 was known }
//
// recipes/scorecards/README.md says what each key means.
#pragma once

#include <vector>

#include "core/base/files.h"
#include "lab/report/run_record.h"

namespace dormouse::lab {

/// "papers/first" -> recipes/scorecards/papers/first.yaml below home_folder(). Throws kInput at `place` if there is
/// none.
fs::path find_scorecard(const std::string& name, const std::string& place);

/// One row a rule. The interval over all seeds must lie wholly inside a range for its verdict; otherwise, below
/// min_seeds, or where the positive control does not lie wholly inside its own range, the row is uncertain and says
/// why. A row without ranges is not comparable. A difference is paired by seed, and within a seed by prompt where the
/// transcripts reproduce both values (Newcombe 1998, method 10). Throws kInput "FILE:LINE" for a malformed file.
std::vector<ScorecardRow> judge(const RunRecord& record, const fs::path& rules);

}  // namespace dormouse::lab
