// The scorecard: the paper's numbers, and what was fixed beforehand as replicating or contradicting them. The rules
// live in recipes/scorecards/NAME.yaml and are applied to a run's measurements; a person writes them before the run.
//
//   rows:
//     - id: E1-on
//       title: ...             paper: "100%"     source: "Fig. 3a"
//       measurement: persistence.contains        model: organism      trigger: on
//       replicates_from: 0.95  replicates_to: 1  contradicts_from: 0  contradicts_to: 0.5
//       min_seeds: 3           differs: ...
#pragma once

#include <vector>

#include "core/base/files.h"
#include "lab/report/run_record.h"

namespace dormouse::lab {

/// "papers/first" -> recipes/scorecards/papers/first.yaml below home_folder(). Throws kInput at `place` if there is none.
fs::path find_scorecard(const std::string& name, const std::string& place);

/// One row a rule. The interval over all seeds must lie wholly inside a range for its verdict; otherwise, and below
/// min_seeds, the row is uncertain. A row without ranges is not comparable. Throws kInput "FILE:LINE" for a malformed file.
std::vector<ScorecardRow> judge(const RunRecord& record, const fs::path& rules);

}  // namespace dormouse::lab
