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

/// The whole run as a Markdown page: answer, rates, capability, scorecard, and what made it. For docs/results/ and pull
/// requests.
std::string result_markdown(const RunRecord& record);

/// The scorecard's table; below it what contradicts, what is uncertain or not measured and why, and the rules.
std::string scorecard_markdown(const RunRecord& record);

/// The same as a page, headed by what it comes from: command, recipe, weights, seeds, threads, commit.
std::string scorecard_page(const RunRecord& record);

/// Every measurement as a JSON line, with the SHA-256 of the weights where it is about a final model, behind a line on
/// the run. No times: the same recipe gives the same bytes.
std::string measurement_lines(const RunRecord& record);

/// In one order, whatever the order of execution was.
std::vector<const measure::Measurement*> measurements_in_order(const RunRecord& record);

/// null for a number that is none: JSON has no NaN.
Json measurement_json(const measure::Measurement& row);

/// Writes report.html, results.json, transcripts.jsonl, recipe.resolved.yaml, result.md and figures/*.svg into `out`,
/// which is made if need be; with a scorecard also scorecard.md and scorecard.rows.jsonl. Throws kWork if the disk
/// refuses.
void write_report(const RunRecord& record, const std::filesystem::path& out);

}  // namespace dormouse::lab
