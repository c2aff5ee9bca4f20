#include "lab/report/charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lab/report/format.h"

namespace dormouse::lab {

namespace {

constexpr std::size_t kMostPoints = 400;  // of a series; more cannot be told apart on a screen

std::string percent(double position) { return fmt::format("{:.2f}%", position); }

/// A step of 1, 2 or 5 times a power of ten that gives about `count` ticks.
double nice_step(double span, int count) {
  const double raw = span / count;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw) return factor * power;
  }
  return 10 * power;
}

std::vector<double> log_ticks(double low, double high) {
  std::vector<double> out;
  const bool decades_only = high / low > 1e3;
  for (double power = std::pow(10, std::floor(std::log10(low))); power <= high * 1.0001; power *= 10) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      const double tick = factor * power;
      const bool inside = tick >= low * 0.9999 && tick <= high * 1.0001;
      if (inside && (factor == 1.0 || !decades_only)) out.push_back(tick);
    }
  }
  return out;
}

Markup line(std::string_view css, const std::string& x1, const std::string& y1, const std::string& x2,
            const std::string& y2) {
  return element("line", {{"class", std::string(css)}, {"x1", x1}, {"y1", y1}, {"x2", x2}, {"y2", y2}});
}

/// A mark at a percentage position: the inner svg carries the position, the shape stays in pixels.
Markup mark_at(Tone tone, double x, double y, const std::string& tip) {
  const Markup path = element("path", {{"d", mark_shape(tone)}}, element("title", {}, tip));
  return element("svg", {{"class", fmt::format("mark {}", tone_class(tone))}, {"x", percent(x)}, {"y", percent(y)}},
                 path);
}

Markup bar_svg(const Bar& bar, const Axis& axis) {
  Markup drawing;
  for (const double tick : axis.ticks) {
    const std::string x = percent(axis.position(tick));
    drawing += line("grid", x, "0", x, "100%");
  }
  const double start = axis.log ? 0 : axis.position(0), end = axis.position(bar.value);
  if (!axis.log) {
    drawing += element("rect", {{"class", fmt::format("bar {}", tone_class(bar.tone))},
                                {"x", percent(std::min(start, end))},
                                {"y", "3"},
                                {"width", percent(std::abs(end - start))},
                                {"height", "14"},
                                {"rx", "1.5"}});
  }
  if (!std::isnan(bar.low) && !std::isnan(bar.high)) {
    const std::string low = percent(axis.position(bar.low)), high = percent(axis.position(bar.high));
    drawing += line("whisker", low, "10", high, "10");
    drawing += line("whisker", low, "6", low, "14");
    drawing += line("whisker", high, "6", high, "14");
  }
  if (bar.seeds.size() > 1) {
    for (const double seed : bar.seeds) {
      drawing +=
          element("circle", {{"class", "seed"}, {"cx", percent(axis.position(seed))}, {"cy", "10"}, {"r", "2.6"}});
    }
  }
  if (axis.log || end - start < 0.2) drawing += mark_at(bar.tone, end, 50, bar.number);
  return element(
      "svg", {{"class", "bar-drawing"}, {"role", "img"}, {"aria-label", fmt::format("{}: {}", bar.key, bar.number)}},
      drawing);
}

Markup bar_row(const Bar& bar, const Axis& axis) {
  const bool missing = std::isnan(bar.value);
  Markup row = element("span", {{"class", "bar-key"}},
                       element("i", {{"class", fmt::format("swatch {}", tone_class(bar.tone))}}) + text(bar.key));
  row += missing ? element("span", {{"class", "bar-missing"}}, "not measured") : bar_svg(bar, axis);
  row += element("span", {{"class", "bar-number"}},
                 element("b", {}, missing ? "" : bar.number) + text(" ") + element("small", {}, bar.note));
  return element("div", {{"class", "bar-row"}}, row);
}

Markup bar_axis(const Axis& axis) {
  Markup labels;
  for (const double tick : axis.ticks) {
    const double x = axis.position(tick);
    const char* anchor = x < 1 ? "start" : x > 99 ? "end" : "middle";
    labels += element("text", {{"x", percent(x)}, {"y", "12"}, {"text-anchor", anchor}}, axis.tick_text(tick));
  }
  const Markup drawing = element("svg", {{"class", "bar-axis"}, {"aria-hidden", "true"}}, labels);
  return element("div", {{"class", "bar-row bar-axis-row"}, {"aria-hidden", "true"}},
                 element("span", {{"class", "bar-key"}}) + drawing + element("span", {{"class", "bar-number"}}));
}

/// At most kMostPoints: of each bucket its lowest and its highest point, so that spikes stay.
std::vector<Point> thinned(const std::vector<Point>& all) {
  std::vector<Point> points;
  std::copy_if(all.begin(), all.end(), std::back_inserter(points), [](const Point& p) { return std::isfinite(p.y); });
  if (points.size() <= kMostPoints) return points;
  std::vector<Point> out;
  const std::size_t bucket = (2 * points.size() + kMostPoints - 1) / kMostPoints;
  for (std::size_t from = 0; from < points.size(); from += bucket) {
    const auto first = points.begin() + static_cast<std::ptrdiff_t>(from);
    const auto last = points.begin() + static_cast<std::ptrdiff_t>(std::min(from + bucket, points.size()));
    auto [low, high] = std::minmax_element(first, last, [](const Point& a, const Point& b) { return a.y < b.y; });
    out.push_back(low < high ? *low : *high);
    if (low != high) out.push_back(low < high ? *high : *low);
  }
  return out;
}

Markup chart_grid(const LineChart& chart) {
  Markup out;
  for (const double tick : chart.y.ticks) {
    const std::string y = percent(100 - chart.y.position(tick));
    out += line("grid", "0", y, "100%", y);
    out += element("text", {{"class", "tick"}, {"x", "-8"}, {"y", y}, {"dy", "0.35em"}, {"text-anchor", "end"}},
                   chart.y.tick_text(tick));
  }
  for (const double tick : chart.x.ticks) {
    const std::string x = percent(chart.x.position(tick));
    out += element("text", {{"class", "tick"}, {"x", x}, {"y", "100%"}, {"dy", "1.5em"}, {"text-anchor", "middle"}},
                   chart.x.tick_text(tick));
  }
  return out + line("axis", "0", "100%", "100%", "100%");
}

/// Lines live in a stretched coordinate system of 1000 x 1000; marks and whiskers in percentages.
void draw_series(const LineChart& chart, const Series& series, Markup& stretched, Markup& placed) {
  std::string path;
  const std::vector<Point> points = thinned(series.points);
  for (const Point& p : points) {
    const double x = chart.x.position(p.x), y = 100 - chart.y.position(p.y);
    path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", x * 10, y * 10);
    if (std::isfinite(p.low) && std::isfinite(p.high)) {
      const std::string at = percent(x);
      placed += line(fmt::format("whisker {}", tone_class(series.tone)), at, percent(100 - chart.y.position(p.low)), at,
                     percent(100 - chart.y.position(p.high)));
    }
    if (series.marks) {
      const std::string value = chart.y.percent ? value_text(p.y, Unit::kShare) : value_text(p.y, Unit::kNumber);
      placed += mark_at(series.tone, x, y, fmt::format("{}, {} {:.0f}: {}", series.label, chart.x_label, p.x, value));
    }
  }
  if (points.size() < 2 || !series.joined) return;
  const char* weight = series.strong ? "strong" : "thin";
  stretched += element("path", {{"class", fmt::format("line {} {}", tone_class(series.tone), weight)}, {"d", path}});
}

}  // namespace

const char* tone_class(Tone tone) {
  switch (tone) {
    case Tone::kOn:
      return "on";
    case Tone::kOff:
      return "off";
    case Tone::kOther:
      return "other";
    case Tone::kNeutral:
      return "neutral";
    case Tone::kSoft:
      return "soft";
  }
  return "";
}

const char* mark_shape(Tone tone) {
  return tone == Tone::kOn    ? "M0-4.2A4.2 4.2 0 1 1 0 4.2A4.2 4.2 0 1 1 0-4.2Z"
         : tone == Tone::kOff ? "M-3.7-3.7H3.7V3.7H-3.7Z"
                              : "M0-4.8L4.4 3.6H-4.4Z";
}

double Axis::position(double value) const {
  const double at = log ? (std::log(std::max(value, min)) - std::log(min)) / (std::log(max) - std::log(min))
                        : (value - min) / (max - min);
  return 100 * std::clamp(at, 0.0, 1.0);
}

std::string Axis::tick_text(double value) const {
  if (percent) return fmt::format("{:g}%", value * 100);
  if (std::abs(value) >= 1e6) return fmt::format("{:g}M", value / 1e6);
  return std::abs(value) >= 1e4 ? fmt::format("{:g}k", value / 1e3) : fmt::format("{:g}", value);
}

Axis share_axis() { return {.min = 0, .max = 1, .log = false, .percent = true, .ticks = {0, 0.25, 0.5, 0.75, 1}}; }

Axis number_axis(double low, double high, bool log) {
  if (!(high > low)) high = low + (low == 0 ? 1 : std::abs(low) * 0.1);
  if (log) return {.min = low, .max = high, .log = true, .percent = false, .ticks = log_ticks(low, high)};
  const double step = nice_step(high - low, 5);
  Axis axis{.min = std::floor(low / step) * step, .max = std::ceil(high / step) * step, .ticks = {}};
  const int64_t count = std::llround((axis.max - axis.min) / step);
  for (int64_t i = 0; i <= count; ++i) {
    const double tick = axis.min + static_cast<double>(i) * step;
    axis.ticks.push_back(std::abs(tick) < step / 1e6 ? 0 : tick);
  }
  return axis;
}

Axis fitting_axis(const std::vector<double>& values) {
  double low = INFINITY, high = -INFINITY;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    low = std::min(low, value), high = std::max(high, value);
  }
  if (!(low <= high)) return number_axis(0, 1, false);
  if (low > 0 && high / low > 20) return number_axis(low / 1.5, high * 1.5, true);
  return number_axis(std::min(low, 0.0), std::max(high, 0.0), false);
}

Markup bar_chart(const std::vector<BarGroup>& groups, const Axis& axis) {
  Markup out;
  for (const BarGroup& group : groups) {
    Markup rows;
    for (const Bar& bar : group.bars) rows += bar_row(bar, axis);
    const Markup label =
        element("div", {{"class", "bar-label"}}, element("b", {}, group.label) + element("small", {}, group.detail));
    out += element("div", {{"class", "bar-group"}}, label + element("div", {{"class", "bar-rows"}}, rows));
  }
  out += element("div", {{"class", "bar-group bar-axis-group"}},
                 element("div", {{"class", "bar-label"}}) + element("div", {{"class", "bar-rows"}}, bar_axis(axis)));
  return element("div", {{"class", "bars"}}, out);
}

Markup line_chart(const LineChart& chart) {
  Markup stretched, placed;
  for (const Series& series : chart.series) draw_series(chart, series, stretched, placed);
  const Markup inner = element("svg",
                               {{"viewBox", "0 0 1000 1000"},
                                {"preserveAspectRatio", "none"},
                                {"width", "100%"},
                                {"height", "100%"},
                                {"class", "lines"}},
                               stretched);
  const Markup drawing = element("svg", {{"class", "plot"}, {"role", "img"}, {"aria-label", chart.title}},
                                 chart_grid(chart) + inner + placed);
  return element("div", {{"class", "line-chart"}},
                 element("div", {{"class", "y-label"}}, chart.y_label) + drawing +
                     element("div", {{"class", "x-label"}}, chart.x_label));
}

Markup chart_definitions() {
  const Markup hatch = element("pattern",
                               {{"id", "hatch"},
                                {"width", "6"},
                                {"height", "6"},
                                {"patternUnits", "userSpaceOnUse"},
                                {"patternTransform", "rotate(45)"}},
                               element("rect", {{"class", "hatch-ground"}, {"width", "6"}, {"height", "6"}}) +
                                   element("rect", {{"class", "hatch-line"}, {"width", "2.4"}, {"height", "6"}}));
  return element("svg", {{"class", "definitions"}, {"aria-hidden", "true"}}, element("defs", {}, hatch));
}

}  // namespace dormouse::lab
