// What every run's answer ends with: its controls, and why its numbers may mislead.
#pragma once

#include <string>
#include <vector>

#include "lab/report/run_record.h"

namespace dormouse::lab {

/// One sentence each: controls or their absence, damaged models, unscored completions, quantities with two values, an
/// unfinished run.
std::vector<std::string> cautions(const RunRecord& record);

}  // namespace dormouse::lab
