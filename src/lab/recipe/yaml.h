// YAML as a plain tree in which every node knows where it stands, so that each error can name file and line.
// Built from yaml-cpp's events rather than its nodes: bounds are checked while reading, and anchors, aliases
// and tags are refused.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dormouse::lab {

inline constexpr std::size_t kMaxYamlBytes = 1 << 20;
inline constexpr int kMaxYamlDepth = 32;

struct YamlEntry;

struct YamlNode {
  enum class Type { kNull, kScalar, kList, kMap };
  Type type = Type::kNull;
  std::string place;               // "file.yaml:12", or the --set that wrote it
  std::string scalar;              // kScalar
  std::vector<YamlNode> items;     // kList
  std::vector<YamlEntry> entries;  // kMap, in the order of the file

  YamlNode* find(std::string_view key);
  const YamlNode* find(std::string_view key) const;
  std::vector<std::string> keys() const;
  /// Appends `key` with nothing behind it.
  YamlNode& append(const std::string& key);
};

struct YamlEntry {
  std::string key;
  YamlNode node;
};

/// Exactly one document, a map at its root. `file` is the name used in errors. Throws kInput naming file and
/// line on bad syntax, an empty text, bytes that are not UTF-8 text, a duplicate key, an anchor, alias or
/// tag, more than kMaxYamlBytes, or more than kMaxYamlDepth levels.
YamlNode parse_yaml(std::string_view text, const std::string& file);

/// The same for a document that is a list: tables of tasks, rules and cases.
YamlNode parse_yaml_list(std::string_view text, const std::string& file);

/// One value for --set: YAML if it begins with a bracket, a brace or a quote, else the text as it stands.
/// Every node's place is `place`.
YamlNode parse_yaml_value(std::string_view text, const std::string& place);

/// "text", "a list", "a map", "nothing": for messages.
std::string type_name(const YamlNode& node);

/// `text` as a YAML scalar that reads back as the same text.
std::string yaml_scalar(const std::string& text);

}  // namespace dormouse::lab
