// The words of a scorecard row, shared by the page and the Markdown table.
#pragma once

#include <string>

#include "lab/report/run_record.h"

namespace dormouse::lab {

/// "replicates", "contradicts", "too uncertain", "not comparable", "not measured".
std::string verdict_words(Verdict verdict);

/// The row's own text, else "100% [97, 100]" or "-49 points [-60, -41]", else "not measured".
std::string ours_text(const ScorecardRow& row);

/// "n = 360, 3 seeds", with what could not be scored; "" when nothing was measured.
std::string sample_size_text(const ScorecardRow& row);

/// "5 rows: 2 replicate, 1 contradicts, 2 not measured"; verdicts without a row are left out.
std::string verdict_counts(const RunRecord& record);

}  // namespace dormouse::lab
