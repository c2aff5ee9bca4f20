// Charts as inline SVG. Positions are percentages of the drawing area, so that a chart fits any width while
// its text keeps its size, and no script is needed.
#pragma once

#include <string>
#include <vector>

#include "lab/report/html.h"

namespace dormouse::lab {

/// What a mark stands for; colour, hatching and shape follow from it in the style sheet.
enum class Tone { kOn, kOff, kOther, kNeutral, kSoft };

/// The class name of the style sheet: "on", "off", "other", "neutral", "soft".
const char* tone_class(Tone tone);

/// Its mark as the data of an SVG path about the origin, in pixels: a disc, a square, a triangle.
const char* mark_shape(Tone tone);

struct Axis {
  double min = 0, max = 1;
  bool log = false;
  bool percent = false;
  std::vector<double> ticks;

  /// 0..100, clamped.
  double position(double value) const;
  std::string tick_text(double value) const;
};

/// 0 to 100%.
Axis share_axis();
/// Round ticks about [low, high]; logarithmic when `log`, which needs low > 0.
Axis number_axis(double low, double high, bool log);
/// From zero, or logarithmic when the values span more than a factor of 20.
Axis fitting_axis(const std::vector<double>& values);

struct Bar {
  Tone tone = Tone::kNeutral;
  std::string key;                      // "trigger on"
  double value = 0, low = 0, high = 0;  // NaN value: "not measured", no bar
  std::vector<double> seeds;            // one dot each, when more than one
  std::string number;                   // "100% [97, 100]"
  std::string note;                     // "n = 120, seed 1"
};

struct BarGroup {
  std::string label, detail;
  std::vector<Bar> bars;
};

/// Horizontal bars with whiskers, a row each, the axis below.
Markup bar_chart(const std::vector<BarGroup>& groups, const Axis& axis);

struct Point {
  double x = 0, y = 0;
  double low = 0, high = 0;  // NaN: no interval
};

struct Series {
  std::string label;
  Tone tone = Tone::kNeutral;
  bool strong = true;  // false: thin, for single seeds behind a mean
  bool marks = false;
  bool joined = true;         // false: marks without a line
  std::vector<Point> points;  // ascending x; NaN y breaks nothing, the point is left out
};

struct LineChart {
  std::string title;  // for screen readers
  std::string x_label, y_label;
  Axis x, y;
  std::vector<Series> series;
};

Markup line_chart(const LineChart& chart);

/// Patterns that bars refer to; once a page.
Markup chart_definitions();

}  // namespace dormouse::lab
