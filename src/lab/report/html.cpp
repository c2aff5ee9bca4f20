#include "lab/report/html.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/base/hash.h"
#include "core/base/json.h"

namespace dormouse::lab {

namespace {

constexpr std::array<std::string_view, 5> kVoidElements = {"meta", "input", "br", "link", "hr"};
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// Valid UTF-8 only; nlohmann's serializer already knows how to replace what is not.
std::string valid_utf8(std::string_view any) {
  const bool ascii = std::all_of(any.begin(), any.end(), [](unsigned char c) { return c < 0x80; });
  if (ascii) return std::string(any);
  const std::string quoted = Json(std::string(any)).dump(-1, ' ', false, Json::error_handler_t::replace);
  return Json::parse(quoted).get<std::string>();
}

std::string escape(std::string_view any) {
  std::string out;
  out.reserve(any.size() + any.size() / 8);
  for (const char c : valid_utf8(any)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '\t':
      case '\n':
        out += c;
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
          out += kReplacement;
        } else {
          out += c;
        }
    }
  }
  return out;
}

}  // namespace

Markup Markup::trusted(std::string bytes) {
  Markup markup;
  markup.bytes_ = std::move(bytes);
  return markup;
}

Markup& Markup::operator+=(const Markup& other) {
  bytes_ += other.bytes_;
  return *this;
}

Markup operator+(Markup left, const Markup& right) {
  left += right;
  return left;
}

Markup text(std::string_view any) { return Markup::trusted(escape(any)); }

Markup element(std::string_view tag, const Attributes& attributes, const Markup& inner) {
  std::string out = fmt::format("<{}", tag);
  for (const auto& [name, value] : attributes) out += fmt::format(" {}=\"{}\"", name, escape(value));
  out += '>';
  if (std::find(kVoidElements.begin(), kVoidElements.end(), tag) == kVoidElements.end()) {
    out += inner.bytes();
    out += fmt::format("</{}>", tag);
  }
  return Markup::trusted(std::move(out));
}

Markup element(std::string_view tag, const Attributes& attributes, std::string_view inner) {
  return element(tag, attributes, text(inner));
}

std::string script_safe_json(std::string_view json) {
  std::string out;
  out.reserve(json.size() + json.size() / 16);
  for (std::size_t i = 0; i < json.size(); ++i) {
    const std::string_view rest = json.substr(i);
    if (rest[0] == '<') {
      out += "\\u003c";
    } else if (rest[0] == '>') {
      out += "\\u003e";
    } else if (rest[0] == '&') {
      out += "\\u0026";
    } else if (rest.starts_with("\xE2\x80\xA8") || rest.starts_with("\xE2\x80\xA9")) {
      out += rest[2] == '\xA8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      out += rest[0];
    }
  }
  return out;
}

std::string csp_hash(std::string_view inline_bytes) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::string hex = sha256(inline_bytes) + "00";  // 33 bytes: a whole number of base-64 groups
  std::string out = "sha256-";
  for (std::size_t i = 0; i < hex.size(); i += 6) {
    const unsigned long group = std::stoul(hex.substr(i, 6), nullptr, 16);
    for (const int shift : {18, 12, 6, 0}) out += kAlphabet[(group >> shift) & 63];
  }
  out.back() = '=';  // the padding byte's character
  return out;
}

}  // namespace dormouse::lab
