// Markup by construction: text becomes Markup only through escaping, so that a completion can never become a
// tag.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dormouse::lab {

/// A piece of well-formed HTML or SVG.
class Markup {
 public:
  Markup() = default;
  /// Bytes that this program wrote itself: the style sheet, the script, escaped JSON.
  static Markup trusted(std::string bytes);

  Markup& operator+=(const Markup& other);
  const std::string& bytes() const { return bytes_; }
  bool empty() const { return bytes_.empty(); }

 private:
  std::string bytes_;
};

Markup operator+(Markup left, const Markup& right);

/// Any text, escaped. Control characters and invalid UTF-8 become U+FFFD.
Markup text(std::string_view any);

using Attributes = std::vector<std::pair<std::string_view, std::string>>;

/// <tag attributes>inner</tag>; void elements such as input get no end tag. Attribute values are escaped.
Markup element(std::string_view tag, const Attributes& attributes, const Markup& inner);
/// The same around text, which is escaped.
Markup element(std::string_view tag, const Attributes& attributes = {}, std::string_view inner = {});

/// JSON text made safe inside <script type="application/json">: `<`, `>`, `&`, U+2028 and U+2029 as \u
/// escapes.
std::string script_safe_json(std::string_view json);

/// "sha256-..." as a Content-Security-Policy names an inline script or style.
std::string csp_hash(std::string_view inline_bytes);

}  // namespace dormouse::lab
