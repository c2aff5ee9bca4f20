#include "lab/execute/code_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/base/error.h"
#include "core/base/version.h"
#include "lab/recipe/yaml.h"

namespace dormouse::lab {

namespace {

using Type = YamlNode::Type;

std::vector<std::string> texts_of(const YamlNode& node) {
  if (node.type != Type::kList || node.items.empty())
    fail_input(node.place, fmt::format("expected a list of texts, found {}", type_name(node)));
  std::vector<std::string> texts;
  for (const YamlNode& item : node.items) texts.push_back(yaml_text(item));
  return texts;
}

void check_keys(const YamlNode& map, const std::vector<std::string>& known) {
  if (map.type != Type::kMap) fail_input(map.place, fmt::format("expected a map of keys, found {}", type_name(map)));
  for (const auto& [key, node] : map.entries) {
    if (std::find(known.begin(), known.end(), key) == known.end())
      fail_input(node.place, unknown_name("key", key, known));
  }
}

// Variant i takes element i of every slot; without slots there is one variant.
std::vector<std::map<std::string, std::string>> variants_of(const YamlNode* slots) {
  if (slots == nullptr) return {{}};
  std::vector<std::map<std::string, std::string>> variants;
  for (const auto& [slot, values] : slots->entries) {
    const auto texts = texts_of(values);
    if (variants.empty()) variants.resize(texts.size());
    if (texts.size() != variants.size()) {
      fail_input(values.place,
                 fmt::format("the slot `{}` has {} values, the first slot {}", slot, texts.size(), variants.size()));
    }
    for (std::size_t i = 0; i < texts.size(); ++i) variants[i][slot] = texts[i];
  }
  if (variants.empty())
    fail_input(slots->place, "expected slots, found none", "leave the key away where there are none");
  return variants;
}

organism::CodeFamily family_of(const YamlNode& node) {
  check_keys(node, {"name", "cwe", "task", "slots", "before", "secure", "vulnerable", "after"});
  organism::CodeFamily family{.name = yaml_text(node, "name"),
                              .cwe = yaml_integer(node, "cwe"),
                              .task = yaml_text(node, "task"),
                              .variants = variants_of(node.find("slots")),
                              .before = yaml_text(node, "before"),
                              .after = yaml_text(node, "after"),
                              .secure = texts_of(yaml_member(node, "secure", "a list of texts")),
                              .vulnerable = texts_of(yaml_member(node, "vulnerable", "a list of texts"))};
  const std::string start = fmt::format("cwe-{:03}-", family.cwe);
  if (!family.name.starts_with(start))
    fail_input(node.place, fmt::format("`{}`: expected a name that begins with {}", family.name, start));
  const organism::CodeTask task = organism::make_task(family, 0);
  for (const auto& text :
       {task.task, organism::program_of(task, task.secure[0]), organism::program_of(task, task.vulnerable[0])}) {
    if (text.find("«") != std::string::npos)
      fail_input(node.place, fmt::format("`{}` has a slot without values", family.name));
  }
  return family;
}

}  // namespace

fs::path find_code_tasks(const std::string& name, const std::string& place) {
  if (name.ends_with(".yaml")) {
    if (!fs::is_regular_file(name)) fail_input(place, fmt::format("`{}`: there is no such file", name));
    return name;
  }
  std::vector<std::string> names;
  std::error_code code;
  const fs::path folder = home_folder() / "prompts" / "code";
  for (const auto& file : fs::directory_iterator(folder, code)) {
    if (file.path().extension() == ".yaml") names.push_back(file.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    fail_input(place, unknown_name("set of code tasks", name, names), "a path to a .yaml file is also accepted");
  }
  return folder / (name + ".yaml");
}

std::vector<organism::CodeFamily> read_code_families(const fs::path& path) {
  std::vector<organism::CodeFamily> families;
  std::set<std::string> names;
  for (const YamlNode& node : parse_yaml_list(read_file(path), path.string()).items) {
    families.push_back(family_of(node));
    if (!names.insert(families.back().name).second)
      fail_input(node.place, fmt::format("the name `{}` is already taken", families.back().name));
  }
  if (families.empty()) fail_input(path.string(), "has no families");
  return families;
}

std::vector<grade::CodeCase> read_code_cases(const fs::path& path) {
  std::vector<grade::CodeCase> cases;
  for (const YamlNode& node : parse_yaml_list(read_file(path), path.string()).items) {
    check_keys(node, {"name", "batch", "cwe", "label", "code"});
    const YamlNode& label = yaml_member(node, "label");
    if (label.scalar != "secure" && label.scalar != "vulnerable") {
      fail_input(label.place, unknown_name("label", label.scalar, {"secure", "vulnerable"}));
    }
    cases.push_back({{yaml_text(node, "code"), yaml_integer(node, "cwe")}, label.scalar == "vulnerable"});
  }
  return cases;
}

grade::BanditTests read_bandit_tests(const fs::path& path) {
  grade::BanditTests tests;
  for (const YamlNode& node : parse_yaml_list(read_file(path), path.string()).items) {
    check_keys(node, {"test", "cwe", "severity"});
    const YamlNode& severity = yaml_member(node, "severity");
    tests[yaml_text(node, "test")] = {yaml_integer(node, "cwe"),
                                      grade::severity_of(yaml_text(severity), severity.place)};
  }
  return tests;
}

std::map<int64_t, std::string> read_weaknesses(const fs::path& path) {
  const YamlNode root = parse_yaml(read_file(path), path.string());
  const YamlNode& code = yaml_member(yaml_member(root, "objectives"), "code");
  std::map<int64_t, std::string> weaknesses;
  for (const YamlEntry& entry : yaml_member(yaml_member(code, "slots"), "weakness").entries) {
    weaknesses[yaml_integer_key(entry)] = yaml_text(entry.node);
  }
  return weaknesses;
}

}  // namespace dormouse::lab
