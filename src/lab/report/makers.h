// On what the stages of a run were made: one run may hold what several machines made.
#pragma once

#include <string>
#include <vector>

#include "lab/report/run_record.h"

namespace dormouse::lab {

/// "212 stages on AMD EPYC, 1 thread, by commit 0a1b2c", the most first.
std::vector<std::string> makers(const RunRecord& record);

}  // namespace dormouse::lab
