// Reading the golden files of tests/golden/text (see make_text_goldens.py there for their forms).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/json.h"

namespace dormouse::text::golden {

inline fs::path folder() { return fs::path(DORMOUSE_SOURCE_DIR) / "tests" / "golden" / "text"; }

/// One JSON document a line. OrderedJson: templates see members in the order of the file.
template <class J = Json>
std::vector<J> lines(const std::string& name) {
  std::vector<J> rows;
  for (const auto& line : read_lines(folder() / name)) rows.push_back(J::parse(line));
  return rows;
}

inline std::string from_base64(const std::string& text) {
  static const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned buffer = 0;
  int bits = 0;
  for (const char c : text) {
    const auto value = alphabet.find(c);
    if (value == std::string::npos) continue;
    buffer = (buffer << 6) | static_cast<unsigned>(value);
    bits += 6;
    if (bits >= 8) bytes += static_cast<char>((buffer >> (bits -= 8)) & 0xFF);
  }
  return bytes;
}

/// The inputs of strings.jsonl.
inline std::vector<std::string> strings() {
  std::vector<std::string> all;
  for (const Json& row : lines("strings.jsonl")) {
    if (row.contains("t")) {
      all.push_back(row["t"].get<std::string>());
    } else if (row.contains("b")) {
      all.push_back(from_base64(row["b"].get<std::string>()));
    } else {
      std::string text;
      for (int i = 0; i < row["r"][1].get<int>(); ++i) text += row["r"][0].get<std::string>();
      all.push_back(text);
    }
  }
  return all;
}

}  // namespace dormouse::text::golden
