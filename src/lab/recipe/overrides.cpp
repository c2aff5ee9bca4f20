#include "lab/recipe/overrides.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/base/error.h"

namespace dormouse::lab {

namespace {

std::vector<std::string> split_path(const std::string& path) {
  std::vector<std::string> parts;
  std::size_t start = 0;
  for (std::size_t dot; (dot = path.find('.', start)) != std::string::npos; start = dot + 1) {
    parts.push_back(path.substr(start, dot - start));
  }
  parts.push_back(path.substr(start));
  return parts;
}

YamlNode& list_item(YamlNode& list, const std::string& part, const std::string& place) {
  std::size_t index = 0;
  const auto [stop, code] = std::from_chars(part.data(), part.data() + part.size(), index);
  if (code != std::errc() || stop != part.data() + part.size() || index >= list.items.size()) {
    const std::string known = list.items.empty() ? "it is empty" : fmt::format("it has 0 to {}", list.items.size() - 1);
    fail_input(place, fmt::format("expected the number of a list entry, found `{}`; {}", part, known));
  }
  return list.items[index];
}

// What comes last in these is checked against the known keys when the recipe is read; elsewhere a new name
// would only hide a mistyped one.
bool may_be_new(const std::vector<std::string>& path) {
  if (path.size() == 1) return true;
  if (path[0] == "report") return path.size() == 2;
  return (path[0] == "stages" || path[0] == "measure") && path.size() == 4;
}

void erase_key(YamlNode& map, const std::string& key) {
  auto& entries = map.entries;
  entries.erase(std::remove_if(entries.begin(), entries.end(), [&](const auto& entry) { return entry.key == key; }),
                entries.end());
}

}  // namespace

void apply_set(YamlNode& root, const std::string& assignment) {
  const std::string place = "--set " + assignment;
  const std::size_t equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0) {
    fail_input(place, "expected path=value", "for example --set seed=2");
  }
  const auto path = split_path(assignment.substr(0, equals));
  YamlNode* node = &root;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (node->type == YamlNode::Type::kList) {
      node = &list_item(*node, path[i], place);
      continue;
    }
    const bool last = i + 1 == path.size();
    const bool may_add = (last && may_be_new(path)) || (i == 0 && path[0] == "report");
    if (node->type == YamlNode::Type::kNull && may_add) node->type = YamlNode::Type::kMap;
    if (node->type != YamlNode::Type::kMap) {
      fail_input(place, fmt::format("`{}` is {}: it has no key `{}`", path[i - 1], type_name(*node), path[i]));
    }
    YamlNode* next = node->find(path[i]);
    if (next == nullptr) {
      if (!may_add) fail_input(place, unknown_name("key", path[i], node->keys()));
      next = &node->append(path[i]);
      next->place = place;
    }
    node = next;
  }
  *node = parse_yaml_value(assignment.substr(equals + 1), place);
  // The two say the same thing; the later word wins.
  if (path[0] == "seed") erase_key(root, "seeds");
  if (path[0] == "seeds") erase_key(root, "seed");
}

}  // namespace dormouse::lab
