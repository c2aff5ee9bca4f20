// The answer of a run with several organisms: one sentence that counts, and a line each.
#pragma once

#include <vector>

#include "lab/report/answer.h"
#include "lab/report/families.h"

namespace dormouse::lab {

/// Sentence and lines, and a note where too few seeds carry a claim about a change; the notes that every run gets are
/// not among them.
Answer answer_for_many(const RunRecord& record, const std::vector<Family>& families);

}  // namespace dormouse::lab
