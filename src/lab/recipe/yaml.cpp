#include "lab/recipe/yaml.h"

#include <fmt/format.h>
#include <utf8proc.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <sstream>

#include "core/base/error.h"
#include "core/base/json.h"

namespace dormouse::lab {

namespace {

using PlaceOf = std::function<std::string(int line)>;

// Grows the tree from the parser's events. Pointers on the stack stay valid because only the innermost open
// list or map is ever appended to.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(const PlaceOf& place_of) : place_of_(place_of) {}

  YamlNode root;
  bool seen = false;

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (seen) fail_input(place(mark), "a second document begins; expected one document");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (awaits_key()) fail_input(place(mark), "a key is missing");
    add(YamlNode::Type::kNull, mark, anchor, "");
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    fail_input(place(mark), "aliases (`*name`) are not allowed in a recipe", "write the value out");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (!awaits_key()) {
      add(YamlNode::Type::kScalar, mark, anchor, tag).scalar = value;
      return;
    }
    const auto [first, fresh] = open_.back().keys.emplace(value, place(mark));
    if (!fresh) fail_input(place(mark), fmt::format("duplicate key `{}`, first at {}", value, first->second));
    open_.back().key = value;
    open_.back().has_key = true;
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(YamlNode::Type::kList, mark, anchor, tag);
  }
  void OnSequenceEnd() override { open_.pop_back(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(YamlNode::Type::kMap, mark, anchor, tag);
  }
  void OnMapEnd() override { open_.pop_back(); }

 private:
  struct Open {
    YamlNode* node;
    std::map<std::string, std::string> keys = {};  // key -> place
    std::string key = {};
    bool has_key = false;
  };

  std::string place(const YAML::Mark& mark) const { return place_of_(mark.line + 1); }

  bool awaits_key() const {
    return !open_.empty() && open_.back().node->type == YamlNode::Type::kMap && !open_.back().has_key;
  }

  YamlNode& add(YamlNode::Type type, const YAML::Mark& mark, YAML::anchor_t anchor, const std::string& tag) {
    if (anchor != YAML::NullAnchor) {
      fail_input(place(mark), "anchors (`&name`) are not allowed in a recipe", "write the value out");
    }
    // "?" and "!" are the parser's own marks for plain and quoted.
    if (!tag.empty() && tag != "?" && tag != "!") {
      fail_input(place(mark), fmt::format("tags (`{}`) are not allowed in a recipe", tag));
    }
    YamlNode* node = &root;
    if (!open_.empty()) {
      Open& parent = open_.back();
      if (parent.node->type == YamlNode::Type::kMap) {
        node = &parent.node->append(parent.key);
        parent.has_key = false;
      } else {
        node = &parent.node->items.emplace_back();
      }
    }
    seen = true;
    node->type = type;
    // The value of a key is said to stand where its key does: a block map's own mark is the line of its first
    // key.
    const bool in_map = !open_.empty() && open_.back().node->type == YamlNode::Type::kMap;
    node->place = in_map ? open_.back().keys[open_.back().key] : place(mark);
    return *node;
  }

  void open(YamlNode::Type type, const YAML::Mark& mark, YAML::anchor_t anchor, const std::string& tag) {
    if (awaits_key()) fail_input(place(mark), "a key must be text, found a list or a map (or a bracket is not closed)");
    if (open_.size() >= kMaxYamlDepth) {
      fail_input(place(mark), fmt::format("nested deeper than {} levels", kMaxYamlDepth));
    }
    open_.push_back(Open{&add(type, mark, anchor, tag)});
  }

  const PlaceOf& place_of_;
  std::vector<Open> open_;
};

// yaml-cpp passes broken bytes through; they would end up in reports and hashes.
void check_text(std::string_view text, const PlaceOf& place_of) {
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const auto size = static_cast<utf8proc_ssize_t>(text.size());
  int line = 1;
  for (utf8proc_ssize_t at = 0; at < size;) {
    utf8proc_int32_t code = 0;
    const utf8proc_ssize_t length = utf8proc_iterate(bytes + at, size - at, &code);
    const bool control = code < 0x20 && code != '\n' && code != '\r' && code != '\t';
    if (length <= 0 || control) fail_input(place_of(line), "not a text file: expected YAML in UTF-8");
    if (code == '\n') ++line;
    at += length;
  }
}

// The parser's own words for it are those for any mistake of structure. Lines count from 0.
bool is_indented_by_tab(std::string_view text, int line) {
  for (; line > 0 && !text.empty(); --line) text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  return text.substr(0, text.find_first_not_of(" \t")).find('\t') != std::string_view::npos;
}

YamlNode parse_events(std::string_view text, const PlaceOf& place_of) {
  check_text(text, place_of);
  std::istringstream stream{std::string(text)};
  TreeBuilder builder(place_of);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    const int line = std::max(error.mark.line, 0);
    if (is_indented_by_tab(text, line))
      fail_input(place_of(line + 1), "the line begins with a tab, which YAML forbids", "indent it with spaces");
    fail_input(place_of(line + 1), fmt::format("not valid YAML: {}", error.msg));
  }
  return std::move(builder.root);
}

YamlNode parse_document(std::string_view text, const std::string& file) {
  if (text.size() > kMaxYamlBytes) {
    fail_input(file, fmt::format("has {} bytes; a recipe has at most {}", text.size(), kMaxYamlBytes));
  }
  return parse_events(text, [&](int line) { return fmt::format("{}:{}", file, line); });
}

int64_t integer_of_text(const std::string& text, const std::string& place) {
  int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) {
    fail_input(place, fmt::format("expected an integer, found `{}`", text));
  }
  return value;
}

}  // namespace

YamlNode* YamlNode::find(std::string_view key) {
  for (auto& [name, node] : entries) {
    if (name == key) return &node;
  }
  return nullptr;
}

const YamlNode* YamlNode::find(std::string_view key) const { return const_cast<YamlNode*>(this)->find(key); }

std::vector<std::string> YamlNode::keys() const {
  std::vector<std::string> names;
  for (const auto& [name, node] : entries) names.push_back(name);
  return names;
}

YamlNode& YamlNode::append(const std::string& key) {
  entries.push_back({key, YamlNode()});
  return entries.back().node;
}

YamlNode parse_yaml_list(std::string_view text, const std::string& file) {
  YamlNode root = parse_document(text, file);
  if (root.type != YamlNode::Type::kList)
    fail_input(file + ":1", fmt::format("expected a list, found {}", type_name(root)));
  return root;
}

YamlNode parse_yaml(std::string_view text, const std::string& file) {
  YamlNode root = parse_document(text, file);
  if (root.type == YamlNode::Type::kNull) {
    fail_input(file + ":1", "is empty; expected a recipe", "start from recipes/quickstart.yaml");
  }
  if (root.type != YamlNode::Type::kMap) {
    fail_input(root.place, fmt::format("expected a map of keys, found {}", type_name(root)));
  }
  return root;
}

YamlNode parse_yaml_value(std::string_view text, const std::string& place) {
  const PlaceOf place_of = [&](int) { return place; };
  if (text.size() > kMaxYamlBytes) fail_input(place, "the value is too long");
  if (!text.empty() && std::string_view("[{\"'").find(text[0]) != std::string_view::npos) {
    return parse_events(text, place_of);
  }
  check_text(text, place_of);
  YamlNode node;
  node.type = YamlNode::Type::kScalar;
  node.place = place;
  node.scalar = text;
  return node;
}

std::string type_name(const YamlNode& node) {
  switch (node.type) {
    case YamlNode::Type::kNull:
      return "nothing";
    case YamlNode::Type::kScalar:
      return fmt::format("`{}`", node.scalar);
    case YamlNode::Type::kList:
      return "a list";
    case YamlNode::Type::kMap:
      return "a map";
  }
  return "";
}

void expect_type(const YamlNode& node, YamlNode::Type type, const std::string& key, const std::string& expected) {
  if (node.type != type)
    fail_input(node.place, fmt::format("`{}`: expected {}, found {}", key, expected, type_name(node)));
}

const YamlNode& yaml_member(const YamlNode& map, const std::string& key, const std::string& expected) {
  const YamlNode* found = map.find(key);
  if (found == nullptr) {
    fail_input(map.place, fmt::format("missing key `{}`{}", key, expected.empty() ? "" : ", expected " + expected));
  }
  return *found;
}

const std::string& yaml_text(const YamlNode& node) {
  if (node.type != YamlNode::Type::kScalar) fail_input(node.place, "expected text, found " + type_name(node));
  return node.scalar;
}

const std::string& yaml_text(const YamlNode& map, const std::string& key) {
  return yaml_text(yaml_member(map, key, "text"));
}

const std::vector<YamlNode>& yaml_items(const YamlNode& node) {
  if (node.type != YamlNode::Type::kList) fail_input(node.place, "expected a list, found " + type_name(node));
  return node.items;
}

const std::vector<YamlNode>& yaml_items(const YamlNode& map, const std::string& key) {
  return yaml_items(yaml_member(map, key, "a list"));
}

int64_t yaml_integer(const YamlNode& node) { return integer_of_text(yaml_text(node), node.place); }

int64_t yaml_integer(const YamlNode& map, const std::string& key) {
  return yaml_integer(yaml_member(map, key, "an integer"));
}

int64_t yaml_integer_key(const YamlEntry& entry) { return integer_of_text(entry.key, entry.node.place); }

std::string yaml_scalar(const std::string& text) {
  const auto plain = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '.' || c == '/' || c == '-';
  };
  std::string lower;
  for (const char c : text) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const bool safe = !text.empty() && std::isalnum(static_cast<unsigned char>(text[0])) != 0 &&
                    std::all_of(text.begin(), text.end(), plain) && lower != "null";
  return safe ? text : Json(text).dump();  // a JSON string is a YAML string
}

}  // namespace dormouse::lab
