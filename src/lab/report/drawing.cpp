#include "lab/report/drawing.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace dormouse::lab {

namespace {

// Colours are those of report.css by day: a figure in a paper stands on white.
constexpr std::string_view kStyle =
    "text{font:12px system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','Liberation Sans',sans-serif;fill:#1c232d}"
    ".title{font-size:15px;font-weight:600}.strong{font-weight:600}.soft{fill:#5a6472}"
    ".middle{text-anchor:middle}.end{text-anchor:end}"
    ".replicates{fill:#1d6b4f;font-weight:600}.contradicts{fill:#a3352c;font-weight:600}.uncertain{fill:#7a5b00;font-"
    "weight:600}"
    ".ground{fill:#fbfbf9}.band{fill:#dcebe3}.grid{stroke:#e2e3de}.axis{stroke:#5a6472}"
    ".whisker{stroke:#1c232d;stroke-width:1.4}.whisker.on{stroke:#c2500f}.whisker.off{stroke:#1f6fa8}"
    ".ring{fill:#fff;stroke:#1c232d;stroke-width:1.1}"
    ".bar.on,.mark.on{fill:#c2500f}.bar.off{fill:url(#hatch);stroke:#1f6fa8}.mark.off{fill:#1f6fa8}"
    ".bar.other,.mark.other{fill:#6f7d1c}.bar.neutral,.bar.soft,.mark.neutral,.mark.soft{fill:#4d5866}.mark{stroke:#"
    "fbfbf9}"
    ".line{fill:none;stroke:#4d5866;stroke-width:2;stroke-linejoin:round}.line.thin{stroke-width:1;opacity:.45}"
    ".line.on{stroke:#c2500f}.line.off{stroke:#1f6fa8;stroke-dasharray:7 3}.line.other{stroke:#6f7d1c}";

constexpr std::string_view kHatch =
    "<defs><pattern id=\"hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" "
    "patternTransform=\"rotate(45)\">"
    "<rect width=\"6\" height=\"6\" fill=\"#cfe2f0\"/><rect width=\"2.4\" height=\"6\" "
    "fill=\"#1f6fa8\"/></pattern></defs>";

std::string pixels(double position) { return fmt::format("{:.1f}", position); }

const char* anchor_class(Anchor anchor) {
  return anchor == Anchor::kStart ? "start" : anchor == Anchor::kMiddle ? "middle" : "end";
}

}  // namespace

void Drawing::text(double x, double y, std::string_view css, std::string_view words, Anchor anchor) {
  const std::string both = fmt::format("{}{}{}", css, css.empty() ? "" : " ", anchor_class(anchor));
  body_ += element("text", {{"class", both}, {"x", pixels(x)}, {"y", pixels(y)}}, words) + lab::text("\n");
}

void Drawing::line(std::string_view css, double x1, double y1, double x2, double y2) {
  body_ += element("line", {{"class", std::string(css)},
                            {"x1", pixels(x1)},
                            {"y1", pixels(y1)},
                            {"x2", pixels(x2)},
                            {"y2", pixels(y2)}}) +
           lab::text("\n");
}

void Drawing::bar(Tone tone, double x, double y, double width, double height) {
  body_ += element("rect", {{"class", fmt::format("bar {}", tone_class(tone))},
                            {"x", pixels(x)},
                            {"y", pixels(y)},
                            {"width", pixels(width)},
                            {"height", pixels(height)}}) +
           lab::text("\n");
}

void Drawing::band(double x, double y, double width, double height) {
  body_ += element("rect", {{"class", "band"},
                            {"x", pixels(x)},
                            {"y", pixels(y)},
                            {"width", pixels(width)},
                            {"height", pixels(height)}}) +
           lab::text("\n");
}

void Drawing::mark(Tone tone, double x, double y) {
  body_ += element("path", {{"class", fmt::format("mark {}", tone_class(tone))},
                            {"d", mark_shape(tone)},
                            {"transform", fmt::format("translate({:.1f} {:.1f})", x, y)}}) +
           lab::text("\n");
}

void Drawing::ring(double x, double y) {
  body_ += element("circle", {{"class", "ring"}, {"cx", pixels(x)}, {"cy", pixels(y)}, {"r", "2.4"}}) + lab::text("\n");
}

void Drawing::path(Tone tone, bool strong, const std::vector<std::pair<double, double>>& points) {
  std::string d;
  for (const auto& [x, y] : points) d += fmt::format("{}{:.1f} {:.1f}", d.empty() ? "M" : "L", x, y);
  body_ +=
      element("path", {{"class", fmt::format("line {} {}", tone_class(tone), strong ? "strong" : "thin")}, {"d", d}}) +
      lab::text("\n");
}

std::string Drawing::svg(double height, const std::string& title) const {
  const Markup inner =
      element("title", {}, title) + Markup::trusted(fmt::format("<style>{}</style>{}\n", kStyle, kHatch)) +
      element("rect", {{"class", "ground"}, {"width", "100%"}, {"height", "100%"}}) + lab::text("\n") + body_;
  return element("svg",
                 {{"xmlns", "http://www.w3.org/2000/svg"},
                  {"width", pixels(width_)},
                  {"height", pixels(height)},
                  {"viewBox", fmt::format("0 0 {:.1f} {:.1f}", width_, height)},
                  {"role", "img"}},
                 inner)
             .bytes() +
         "\n";
}

std::vector<std::string> wrapped(const std::string& words, std::size_t columns) {
  std::vector<std::string> lines;
  std::string line;
  for (std::size_t at = 0; at < words.size();) {
    const std::size_t space = std::min(words.find(' ', at), words.size());
    const std::string word = words.substr(at, space - at);
    if (!line.empty() && line.size() + 1 + word.size() > columns) lines.push_back(std::exchange(line, ""));
    line += (line.empty() ? "" : " ") + word;
    at = space + 1;
  }
  if (!line.empty()) lines.push_back(line);
  return lines;
}

}  // namespace dormouse::lab
