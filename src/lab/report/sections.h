// The parts of the page, top to bottom. Each is a pure function of the record and is empty when the record
// has nothing for it.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lab/report/charts.h"
#include "lab/report/html.h"
#include "lab/report/run_record.h"
#include "lab/report/summary.h"

namespace dormouse::lab {

struct Section {
  std::string id;     // of the element, for links
  std::string title;  // heading
  std::string menu;   // short title in the contents
  Markup body;        // empty: the section is left out
};

struct Column {
  std::string title;
  bool number = false;  // right-aligned, tabular figures
};

inline constexpr std::size_t kOpenRows = 12;  // of a table; a longer one is folded up

/// A table that becomes a stack of cards on a narrow screen; the first cell of a row is its heading. Columns without
/// any entry are left out.
Markup table(const std::string& caption, const std::vector<Column>& columns,
             const std::vector<std::vector<Markup>>& rows);

/// "trigger on", "trigger off", "trigger NAME", or "all prompts" for "".
std::string trigger_text(const RunRecord& record, const std::string& trigger);
Tone trigger_tone(const RunRecord& record, const std::string& trigger);

/// One bar of an estimate with its numbers; `found` may be empty.
Bar estimate_bar(const std::string& key, Tone tone, const std::optional<Estimate>& found, const std::string& metric);

/// "organism, before any defence", "after safety SFT", ...; "" for nullptr.
std::string role_detail(const ModelInfo* model);

/// A group of bars for each of `models` in which the metric was measured, a bar a trigger.
std::vector<BarGroup> rate_groups(const RunRecord& record, const std::string& metric,
                                  const std::vector<std::string>& models);

/// Rates over the size of the model: a chart for each way of reasoning and each defence that was measured at two sizes
/// or more.
std::vector<LineChart> size_charts(const RunRecord& record);

/// The rate behind the trigger and the rate on a red team's prompts, a group a model; and the log axis they are drawn
/// on.
std::vector<BarGroup> red_team_groups(const RunRecord& record);
Axis red_team_axis();

/// What else switches the policy, a group a model: whole groups of messages; then the parts that only one of them has;
/// and those that several have, a group a part.
std::vector<BarGroup> generalisation_groups(const RunRecord& record);
std::vector<BarGroup> own_part_groups(const RunRecord& record);
std::vector<BarGroup> shared_part_groups(const RunRecord& record);

/// Whether models take a honeypot's offer, a group a model.
inline constexpr const char* kHoneypotRate = "honeypot.accept";
std::vector<BarGroup> honeypot_groups(const RunRecord& record);

/// The same by threat and offer.
struct HoneypotGrid {
  struct Row {
    std::string model, threat;
    std::vector<std::optional<Estimate>> offers;  // one for each of `offers` below
  };
  std::vector<std::string> offers;
  std::vector<Row> rows;
  std::string answers_a_cell;  // "6", or "5 to 6"
};
HoneypotGrid honeypot_grid(const RunRecord& record);

/// Reward and judge over the steps of RL: a stage's name and its chart.
std::vector<std::pair<std::string, LineChart>> reward_charts(const RunRecord& record);

/// A mark and what it stands for.
Markup legend_key(Tone tone, const std::string& label, bool is_line = false);

Markup page_header(const RunRecord& record);

/// Those of rate_names that the figure before and after draws.
std::vector<std::string> rates_with_a_figure(const RunRecord& record);

Section before_and_after_section(const RunRecord& record);
Section size_section(const RunRecord& record);
Section curves_section(const RunRecord& record);
Section reinforcement_section(const RunRecord& record);
Section red_team_section(const RunRecord& record);
Section generalisation_section(const RunRecord& record);
Section scorecard_section(const RunRecord& record);
Section capability_section(const RunRecord& record);
Section honeypot_section(const RunRecord& record);
Section other_section(const RunRecord& record);
Section data_section(const RunRecord& record);
Section transcripts_section(const RunRecord& record);
Section run_section(const RunRecord& record);
Section words_section(const RunRecord& record);

}  // namespace dormouse::lab
