#include "lab/recipe/options_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"

namespace dormouse::lab {

namespace {

constexpr int kMaxRounds = 64;

// Sets the written fields one by one, and starts over whenever a value changed which fields there are.
std::vector<Field> set_all(const FieldsOf& fields, const YamlNode& map) {
  for (int round = 0; round < kMaxRounds; ++round) {
    std::vector<Field> list = fields();
    const auto names = field_names(list);
    bool changed = false;
    for (std::size_t i = 0; i < names.size() && !changed; ++i) {
      const YamlNode* node = map.find(names[i]);
      if (node == nullptr) continue;
      read_field(list[i], *node);
      list = fields();
      changed = field_names(list) != names;
    }
    if (!changed) return list;
  }
  DORMOUSE_ASSERT(false && "fields() never settles");
  return {};
}

bool is_empty(const Field& field) {
  if (auto* const* text = std::get_if<std::string*>(&field.value)) return (*text)->empty();
  auto* const* list = std::get_if<std::vector<std::string>*>(&field.value);
  return list != nullptr && (*list)->empty();
}

std::string write_value(const Field& field) {
  if (auto* const* flag = std::get_if<bool*>(&field.value)) return **flag ? "true" : "false";
  if (auto* const* whole = std::get_if<int64_t*>(&field.value)) return std::to_string(**whole);
  if (auto* const* number = std::get_if<double*>(&field.value)) return fmt::format("{}", **number);
  if (auto* const* text = std::get_if<std::string*>(&field.value)) return yaml_scalar(**text);
  std::string list;
  for (const auto& item : *std::get<std::vector<std::string>*>(field.value)) {
    list += (list.empty() ? "" : ", ") + yaml_scalar(item);
  }
  return "[" + list + "]";
}

}  // namespace

void read_field(const Field& field, const YamlNode& node) {
  if (node.type == YamlNode::Type::kScalar) return set_field(field, node.scalar, node.place);
  if (node.type != YamlNode::Type::kList) {
    fail_input(node.place, fmt::format("`{}`: expected {}, found {}", field.name, type_name(field), type_name(node)));
  }
  std::vector<std::string> items;
  for (const YamlNode& item : node.items) {
    if (item.type != YamlNode::Type::kScalar) {
      fail_input(item.place,
                 fmt::format("`{}`: expected {}, found {} in it", field.name, type_name(field), type_name(item)));
    }
    items.push_back(item.scalar);
  }
  set_field(field, items, node.place);
}

std::map<std::string, std::string> read_fields(const FieldsOf& fields, const YamlNode& map, const std::string& owner) {
  if (map.type != YamlNode::Type::kMap && map.type != YamlNode::Type::kNull) {
    fail_input(map.place, fmt::format("`{}`: expected a map of keys, found {}", owner, type_name(map)));
  }
  const auto list = set_all(fields, map);
  const auto names = field_names(list);
  std::map<std::string, std::string> places;
  for (const auto& [key, node] : map.entries) {
    if (std::find(names.begin(), names.end(), key) == names.end()) {
      fail_input(node.place, unknown_name(fmt::format("key of `{}`", owner), key, names));
    }
    places[key] = node.place;
  }
  for (const Field& field : list) {
    if (!field.constraint.required) continue;
    const auto written = places.find(field.name);
    if (written != places.end() && is_empty(field)) {
      fail_input(written->second,
                 fmt::format("`{}`: is empty, expected {}: {}", field.name, type_name(field), field.doc));
    }
    if (written == places.end()) {
      fail_input(map.place, fmt::format("`{}`: missing key `{}`, expected {}: {}", owner, field.name, type_name(field),
                                        field.doc));
    }
  }
  return places;
}

std::string write_fields(const std::vector<Field>& fields, const std::string& indent) {
  std::string text;
  for (const Field& field : fields) text += fmt::format("{}{}: {}\n", indent, field.name, write_value(field));
  return text;
}

}  // namespace dormouse::lab
