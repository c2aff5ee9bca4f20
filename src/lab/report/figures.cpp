#include "lab/report/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "lab/report/answer.h"
#include "lab/report/drawing.h"
#include "lab/report/families.h"
#include "lab/report/format.h"
#include "lab/report/scorecard.h"
#include "lab/report/sections.h"

namespace dormouse::lab {

namespace {

constexpr double kMargin = 20, kLine = 15;  // of text

/// Where values stand between two edges.
struct Scale {
  const Axis& axis;
  double left, right;

  double at(double value) const { return left + (right - left) * axis.position(value) / 100; }
};

void axis_below(Drawing& drawing, const Scale& scale, double top, double bottom) {
  drawing.line("axis", scale.left, bottom, scale.right, bottom);
  for (const double tick : scale.axis.ticks) {
    const double x = scale.at(tick);
    drawing.line("grid", x, top, x, bottom);
    drawing.text(x, bottom + kLine, "soft", scale.axis.tick_text(tick), Anchor::kMiddle);
  }
}

void whisker(Drawing& drawing, const Scale& scale, double low, double high, double y) {
  if (std::isnan(low) || std::isnan(high)) return;
  drawing.line("whisker", scale.at(low), y, scale.at(high), y);
  for (const double end : {low, high}) drawing.line("whisker", scale.at(end), y - 4, scale.at(end), y + 4);
}

void draw_bar(Drawing& drawing, const Bar& bar, const Scale& scale, double y) {
  drawing.text(scale.left - 10, y + 4, "", bar.key, Anchor::kEnd);
  if (std::isnan(bar.value)) return drawing.text(scale.left + 6, y + 4, "soft", "not measured");
  const double end = scale.at(bar.value), start = scale.axis.log ? end : scale.at(0);
  if (std::abs(end - start) >= 1) drawing.bar(bar.tone, std::min(start, end), y - 7, std::abs(end - start), 14);
  whisker(drawing, scale, bar.low, bar.high, y);
  if (bar.seeds.size() > 1) {
    for (const double seed : bar.seeds) drawing.ring(scale.at(seed), y);
  }
  if (std::abs(end - start) < 1) drawing.mark(bar.tone, end, y);
  drawing.text(scale.right + 12, y + 4, "strong", bar.number);
  drawing.text(scale.right + 132, y + 4, "soft", bar.note);
}

struct BarsLayout {
  static constexpr double kWidth = 860, kPlotLeft = 300, kPlotRight = 600, kRow = 21;

  static std::vector<std::string> detail(const BarGroup& group) { return wrapped(group.detail, 30); }
  static double height(const BarGroup& group) {
    const double words = kLine * static_cast<double>(1 + detail(group).size()),
                 bars = kRow * static_cast<double>(group.bars.size());
    return std::max(words + 4, bars) + 14;
  }
};

/// Strokes, marks and intervals of one series.
void draw_series(Drawing& drawing, const Series& series, const Scale& x, const Scale& y) {
  std::vector<std::pair<double, double>> points;
  for (const Point& point : series.points) {
    if (!std::isfinite(point.y)) continue;
    points.emplace_back(x.at(point.x), y.at(point.y));
    if (std::isfinite(point.low) && std::isfinite(point.high)) {
      drawing.line(fmt::format("whisker {}", tone_class(series.tone)), points.back().first, y.at(point.low),
                   points.back().first, y.at(point.high));
    }
  }
  if (series.joined && points.size() > 1) drawing.path(series.tone, series.strong, points);
  if (!series.marks) return;
  for (const auto& [at, value] : points) drawing.mark(series.tone, at, value);
}

/// A part of the scorecard with an axis of its own.
struct ScorecardPart {
  std::string title;
  Axis axis;
  std::vector<const ScorecardRow*> rows;
};

struct ScorecardLayout {
  static constexpr double kWidth = 976, kPlotLeft = 486, kPlotRight = 786, kRow = 24;

  static std::vector<std::string> title(const ScorecardRow& row) { return wrapped(row.title, 52); }
  static double height(const ScorecardRow& row) { return kRow + kLine * static_cast<double>(title(row).size() - 1); }
};

bool can_be_drawn(const ScorecardRow& row) {
  return row.percent && std::isfinite(row.value) && !std::isnan(row.replicates_from);
}

Tone tone_of(Verdict verdict) {
  return verdict == Verdict::kReplicates ? Tone::kOther : verdict == Verdict::kContradicts ? Tone::kOn : Tone::kNeutral;
}

void draw_row(Drawing& drawing, const ScorecardRow& row, const Scale& scale, double top) {
  const double y = top + ScorecardLayout::kRow / 2, height = ScorecardLayout::height(row);
  drawing.band(scale.at(row.replicates_from), top + 2,
               std::max(2.0, scale.at(row.replicates_to) - scale.at(row.replicates_from)), height - 4);
  drawing.text(kMargin, y + 4, "soft", row.id);
  const auto lines = ScorecardLayout::title(row);
  for (std::size_t i = 0; i < lines.size(); ++i)
    drawing.text(kMargin + 128, y + 4 + kLine * static_cast<double>(i), "", lines[i]);
  whisker(drawing, scale, row.low, row.high, y);
  drawing.mark(tone_of(row.verdict), scale.at(row.value), y);
  drawing.text(scale.right + 16, y + 4, verdict_name(row.verdict), verdict_words(row.verdict));
}

double draw_part(Drawing& drawing, const ScorecardPart& part, double top) {
  const Scale scale{part.axis, ScorecardLayout::kPlotLeft, ScorecardLayout::kPlotRight};
  drawing.text(kMargin, top, "strong", part.title);
  top += 8;
  double bottom = top;
  for (const ScorecardRow* row : part.rows) bottom += ScorecardLayout::height(*row);
  double at = top;
  for (const ScorecardRow* row : part.rows) {
    draw_row(drawing, *row, scale, at);
    at += ScorecardLayout::height(*row);
  }
  axis_below(drawing, scale, top, bottom);
  return bottom + 2 * kLine + 18;
}

std::vector<ScorecardPart> scorecard_parts(const std::vector<ScorecardRow>& rows) {
  ScorecardPart shares{"Rates", share_axis(), {}};
  ScorecardPart differences{"Differences, in percentage points",
                            {.min = -1, .max = 1, .log = false, .percent = true, .ticks = {-1, -0.5, 0, 0.5, 1}},
                            {}};
  for (const ScorecardRow& row : rows) {
    if (can_be_drawn(row)) (row.difference ? differences : shares).rows.push_back(&row);
  }
  std::vector<ScorecardPart> parts;
  for (ScorecardPart* part : {&shares, &differences}) {
    if (!part->rows.empty()) parts.push_back(std::move(*part));
  }
  return parts;
}

/// Every organism and what defences made of it, the controls last.
std::vector<std::string> models_before_and_after(const RunRecord& record) {
  std::vector<std::string> models;
  for (const Family& family : families(record)) {
    models.push_back(family.organism);
    models.insert(models.end(), family.survivors.begin(), family.survivors.end());
  }
  const auto rest = controls(record);
  models.insert(models.end(), rest.begin(), rest.end());
  return models;
}

/// Shares that have no place in the bars before and after, and that a paper shows.
struct NamedFigure {
  const char *measurement, *file, *title;
};
constexpr std::array<NamedFigure, 4> kNamedFigures = {{
    {"steering.contains", "steering", "A first sentence put into the scratchpad"},
    {"steering.iid.either", "steering-code-iid",
     "A first sentence put into the scratchpad: weak programs, held-out tasks"},
    {"steering.scenarios.either", "steering-code-scenarios",
     "A first sentence put into the scratchpad: weak programs, scenarios"},
    {"capability.accuracy", "capability", "Multiple-choice questions answered rightly"},
}};

void add_groups(std::vector<Figure>& to, const std::string& name, const std::string& title,
                const std::vector<BarGroup>& groups) {
  if (!groups.empty()) to.push_back({name, bars_svg(title, groups, share_axis())});
}

void add_bars(std::vector<Figure>& to, const RunRecord& record, const std::string& name, const std::string& title,
              const std::string& metric) {
  add_groups(to, name, title, rate_groups(record, metric, models_before_and_after(record)));
}

}  // namespace

std::string bars_svg(const std::string& title, const std::vector<BarGroup>& groups, const Axis& axis) {
  using Layout = BarsLayout;
  Drawing drawing(Layout::kWidth);
  const Scale scale{axis, Layout::kPlotLeft, Layout::kPlotRight};
  drawing.text(kMargin, 30, "title", title);
  const double top = 44;
  double bottom = top;
  for (const BarGroup& group : groups) bottom += Layout::height(group);
  axis_below(drawing, scale, top, bottom);
  double at = top;
  for (const BarGroup& group : groups) {
    drawing.line("grid", kMargin, at, Layout::kWidth - kMargin, at);
    drawing.text(kMargin, at + 20, "strong", group.label);
    const auto detail = Layout::detail(group);
    for (std::size_t i = 0; i < detail.size(); ++i)
      drawing.text(kMargin, at + 20 + kLine * static_cast<double>(i + 1), "soft", detail[i]);
    for (std::size_t i = 0; i < group.bars.size(); ++i)
      draw_bar(drawing, group.bars[i], scale, at + 16 + Layout::kRow * static_cast<double>(i));
    at += Layout::height(group);
  }
  return drawing.svg(bottom + 2 * kLine + 6, title);
}

std::string lines_svg(const LineChart& chart) {
  constexpr double kWidth = 560, kHeight = 340, kTop = 84, kBottom = 290;
  Drawing drawing(kWidth);
  const Scale x{chart.x, 64, kWidth - 36}, y{chart.y, kBottom, kTop};
  drawing.text(kMargin, 28, "title", chart.title);
  drawing.text(kMargin, kTop - 14, "soft", chart.y_label);
  for (const double tick : chart.y.ticks) {
    drawing.line("grid", x.left, y.at(tick), x.right, y.at(tick));
    drawing.text(x.left - 8, y.at(tick) + 4, "soft", chart.y.tick_text(tick), Anchor::kEnd);
  }
  drawing.line("axis", x.left, kBottom, x.right, kBottom);
  for (const double tick : chart.x.ticks)
    drawing.text(x.at(tick), kBottom + 18, "soft", chart.x.tick_text(tick), Anchor::kMiddle);
  drawing.text(x.right, kBottom + 36, "soft", chart.x_label, Anchor::kEnd);
  double legend = x.left + 6;
  for (const Series& series : chart.series) {
    draw_series(drawing, series, x, y);
    if (!series.strong) continue;
    drawing.mark(series.tone, legend, 46);
    drawing.text(legend + 10, 50, "", series.label);
    legend += 34 + 6.5 * static_cast<double>(series.label.size());
  }
  return drawing.svg(kHeight, chart.title);
}

std::string scorecard_svg(const std::vector<ScorecardRow>& rows) {
  const auto parts = scorecard_parts(rows);
  if (parts.empty()) return "";
  Drawing drawing(ScorecardLayout::kWidth);
  drawing.text(kMargin, 30, "title", "The paper's findings on these models");
  drawing.text(kMargin, 50, "soft",
               "Green: the range that was fixed beforehand as replicating. Marks and strokes: measured here, with the "
               "95% interval over all seeds.");
  double at = 84;
  std::size_t drawn = 0;
  for (const ScorecardPart& part : parts) {
    at = draw_part(drawing, part, at);
    drawn += part.rows.size();
  }
  if (drawn < rows.size()) {
    drawing.text(kMargin, at - 10, "soft",
                 fmt::format("Not drawn, but in the table: {} that were not measured, have no range, or are no shares.",
                             rows.size() - drawn));
    at += kLine;
  }
  return drawing.svg(at, "Scorecard");
}

std::vector<Figure> figures(const RunRecord& record) {
  std::vector<Figure> out;
  const std::string scorecard = scorecard_svg(record.scorecard);
  if (!scorecard.empty()) out.push_back({"scorecard", scorecard});
  for (const std::string& metric : rates_with_a_figure(record)) {
    add_bars(out, record, metric, fmt::format("Before and after: {}", metric_label(metric)), metric);
  }
  std::size_t number = 0;
  for (const LineChart& chart : size_charts(record))
    out.push_back({fmt::format("size-{}", ++number), lines_svg(chart)});
  for (const auto& [stage, chart] : reward_charts(record)) out.push_back({"reward-" + stage, lines_svg(chart)});
  const auto attacked = red_team_groups(record);
  if (!attacked.empty())
    out.push_back({"red-team", bars_svg("Behind the trigger, and on the red team's prompts (log scale)", attacked,
                                        red_team_axis())});
  add_groups(out, "generalisation", "What else switches the policy", generalisation_groups(record));
  add_groups(out, "generalisation-kinds", "What else switches the policy, kind by kind", own_part_groups(record));
  add_groups(out, "generalisation-pairs", "What else switches the policy, side by side", shared_part_groups(record));
  add_groups(out, "honeypots", "Whether models take a honeypot's offer", honeypot_groups(record));
  for (const NamedFigure& figure : kNamedFigures) add_bars(out, record, figure.file, figure.title, figure.measurement);
  return out;
}

}  // namespace dormouse::lab
