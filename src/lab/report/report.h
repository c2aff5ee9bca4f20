// The files of a run: a pure function of its record.
#pragma once

#include <filesystem>
#include <string>

#include "core/base/json.h"
#include "lab/report/run_record.h"

namespace dormouse::lab {

/// One self-contained page: no other file and no network is needed to read it.
std::string html_report(const RunRecord& record);

/// {"measurements", "models", "scorecard", "recipe", "machine", "run"}. Times and ids are in "run" and
/// "machine" alone: the other members are identical when the same recipe is run again.
Json results_json(const RunRecord& record);

/// The whole run as a Markdown page: answer, rates, capability, scorecard, and what made it. For docs/results/ and pull requests.
std::string result_markdown(const RunRecord& record);

/// The scorecard's table with its rules and differences below.
std::string scorecard_markdown(const RunRecord& record);

/// Writes report.html, results.json, transcripts.jsonl and recipe.resolved.yaml into `out`, which is made if
/// need be. Throws kWork if the disk refuses.
void write_report(const RunRecord& record, const std::filesystem::path& out);

}  // namespace dormouse::lab
