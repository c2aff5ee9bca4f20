// Transcripts as the page and the file carry them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "lab/report/run_record.h"

namespace dormouse::lab {

/// What the page embeds, as text of a script element; more rows are left to transcripts.jsonl.
inline constexpr std::size_t kMostEmbeddedBytes = std::size_t{12} << 20;

/// Indices of the rows that fit into `most_bytes`, ascending. Rows are taken in turns from every combination
/// of model, trigger, seed and checkpoint, so that none is missing.
std::vector<std::size_t> rows_that_fit(const RunRecord& record, std::size_t most_bytes);

/// {"canary", "total", "trigger_text", "graders": [...], "texts": [...], "rows": [...]}; repeated texts are
/// stored once and rows refer to them by index. A row: [id, prompt_id, model, trigger, seed, step, stage,
/// prompt, user, completion, finish_reason, [grades; null if unscored]].
Json embedded_transcripts(const RunRecord& record, std::size_t most_bytes = kMostEmbeddedBytes);

/// Ten hex digits that stay the same when a run is repeated, for links; the same for equal rows.
std::string transcript_id(const measure::Transcript& row);

}  // namespace dormouse::lab
