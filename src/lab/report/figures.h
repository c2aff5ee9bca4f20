// The report's figures as files, in the form that papers print: bars before and after, size on a log axis, the
// scorecard.
#pragma once

#include <string>
#include <vector>

#include "lab/report/charts.h"
#include "lab/report/run_record.h"

namespace dormouse::lab {

struct Figure {
  std::string name;  // of the file, without its ending: "rates", "size-1", "scorecard"
  std::string svg;   // the file's bytes
};

/// What the record has figures for; a pure function of it.
std::vector<Figure> figures(const RunRecord& record);

/// Horizontal bars with their intervals, single seeds and numbers.
std::string bars_svg(const std::string& title, const std::vector<BarGroup>& groups, const Axis& axis);

/// Series with their marks and intervals, the legend on top.
std::string lines_svg(const LineChart& chart);

/// Judged rows: the range that was fixed beforehand as replicating, and where our interval lies. What cannot be drawn
/// is counted below.
std::string scorecard_svg(const std::vector<ScorecardRow>& rows);

}  // namespace dormouse::lab
