// YAML as a plain tree in which every node knows where it stands, so that each error can name file and line.
// Built from yaml-cpp's events rather than its nodes: bounds are checked while reading, and anchors, aliases
// and tags are refused.
#pragma once

#include <cstdint>
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

/// "`some text`", "a list", "a map", "nothing": for messages.
std::string type_name(const YamlNode& node);

/// Throws kInput at the node's place, "`KEY`: expected EXPECTED, found ...", if it is of another type.
void expect_type(const YamlNode& node, YamlNode::Type type, const std::string& key, const std::string& expected);

/// The value of a key. Throws kInput at the map's place, "missing key `KEY`", with what was expected if the caller says
/// so.
const YamlNode& yaml_member(const YamlNode& map, const std::string& key, const std::string& expected = {});

/// A scalar's text; a list's items, of which there may be none; an integer, with nothing before or behind it. They
/// throw kInput at the node's place, "expected text, found a list"; with a key, at the map's place if it is missing.
const std::string& yaml_text(const YamlNode& node);
const std::string& yaml_text(const YamlNode& map, const std::string& key);
const std::vector<YamlNode>& yaml_items(const YamlNode& node);
const std::vector<YamlNode>& yaml_items(const YamlNode& map, const std::string& key);
int64_t yaml_integer(const YamlNode& node);
int64_t yaml_integer(const YamlNode& map, const std::string& key);

/// The key itself, of a map from integers. Throws kInput at the entry's place.
int64_t yaml_integer_key(const YamlEntry& entry);

/// `text` as a YAML scalar that reads back as the same text.
std::string yaml_scalar(const std::string& text);

}  // namespace dormouse::lab
