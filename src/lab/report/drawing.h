// A figure as a file of its own: SVG with its ground, colours and text in it, for a paper, slides or a README. Units
// are pixels.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lab/report/charts.h"
#include "lab/report/html.h"

namespace dormouse::lab {

enum class Anchor { kStart, kMiddle, kEnd };

class Drawing {
 public:
  explicit Drawing(double width) : width_(width) {}

  /// `css`: "title", "strong", "soft", "", or a verdict's name.
  void text(double x, double y, std::string_view css, std::string_view words, Anchor anchor = Anchor::kStart);
  /// `css`: "grid", "axis", "whisker", with the class of a tone behind it where it has one.
  void line(std::string_view css, double x1, double y1, double x2, double y2);
  void bar(Tone tone, double x, double y, double width, double height);
  /// A rectangle behind the marks, such as a range fixed beforehand.
  void band(double x, double y, double width, double height);
  /// The shape of the tone, about 8 pixels wide.
  void mark(Tone tone, double x, double y);
  /// The small ring of a single seed.
  void ring(double x, double y);
  /// Straight strokes through the points {x, y}.
  void path(Tone tone, bool strong, const std::vector<std::pair<double, double>>& points);

  /// The file's bytes; `title` is what a screen reader says.
  std::string svg(double height, const std::string& title) const;

 private:
  double width_;
  Markup body_;
};

/// Lines of at most `columns` characters, broken at spaces; a longer word stands alone.
std::vector<std::string> wrapped(const std::string& words, std::size_t columns);

}  // namespace dormouse::lab
