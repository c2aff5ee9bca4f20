// The words of a scorecard row, shared by the page and the Markdown table.
#pragma once

#include <string>

#include "lab/report/run_record.h"

namespace dormouse::lab {

/// "replicates", "contradicts", "too uncertain", "not comparable".
std::string verdict_words(Verdict verdict);

/// The row's own text, else "100% [97, 100]", else "not measured".
std::string ours_text(const ScorecardRow& row);

/// "n = 360, 3 seeds"; "" when nothing was measured.
std::string sample_size_text(const ScorecardRow& row);

}  // namespace dormouse::lab
