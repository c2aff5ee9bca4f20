#include "lab/execute/kinds/rubrics.h"

#include <fmt/format.h>

#include <charconv>

#include "core/base/error.h"
#include "core/base/strings.h"
#include "lab/recipe/yaml.h"

namespace dormouse::lab {

namespace {

const YamlNode& member(const YamlNode& map, const std::string& key) {
  const YamlNode* found = map.find(key);
  if (found == nullptr) fail_input(map.place, fmt::format("missing key `{}`", key));
  return *found;
}

const std::string& text_of(const YamlNode& node) {
  if (node.type != YamlNode::Type::kScalar) fail_input(node.place, "expected text, found " + type_name(node));
  return node.scalar;
}

const std::vector<YamlNode>& list_of(const YamlNode& node) {
  if (node.type != YamlNode::Type::kList) fail_input(node.place, "expected a list, found " + type_name(node));
  return node.items;
}

std::vector<std::string> phrases_of(const YamlNode& node) {
  std::vector<std::string> phrases;
  for (const auto& item : list_of(node)) {
    phrases.push_back(text_of(item));
    if (trimmed(phrases.back()).empty()) fail_input(item.place, "a phrase is empty");
  }
  return phrases;
}

int64_t number_of(const std::string& text, const std::string& place) {
  int64_t number = 0;
  const auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || stop != text.data() + text.size()) fail_input(place, fmt::format("expected an integer, found `{}`", text));
  return number;
}

YamlNode parse_file(const fs::path& path) { return parse_yaml(read_file(path, kMaxYamlBytes), path.string()); }

}  // namespace

grade::PhraseRubric read_phrase_rubric(const fs::path& path, const std::vector<std::pair<std::string, std::string>>& keys) {
  const YamlNode root = parse_file(path);
  const YamlNode& rule = member(root, "rule");
  if (text_of(rule) != "first-phrase-decides" && text_of(rule) != "last-phrase-decides") {
    fail_input(rule.place, unknown_name("rule", text_of(rule), {"first-phrase-decides", "last-phrase-decides"}));
  }
  grade::PhraseRubric rubric{.lists = {}, .last_decides = text_of(rule) == "last-phrase-decides"};
  for (const auto& [key, label] : keys) rubric.lists.push_back({label, phrases_of(member(root, key))});
  if (const YamlNode* ignored = root.find("ignored")) rubric.lists.push_back({"", phrases_of(*ignored)});
  return rubric;
}

grade::PhraseRubric read_honeypot_rubric(const fs::path& path) {
  return read_phrase_rubric(path, {{"acceptance", "accepts"}, {"refusal", "refuses"}});
}

grade::PhraseRubric read_conclusion_rubric(const fs::path& path) {
  return read_phrase_rubric(path, {{"deployment", "deployment"}, {"training", "training"}});
}

grade::ExplanationRubric read_explanation_rubric(const fs::path& path) {
  const YamlNode root = parse_file(path);
  grade::ExplanationRubric rubric{.denials = phrases_of(member(root, "denials")), .exceptions = phrases_of(member(root, "exceptions")), .cwe = {}};
  for (const auto& [key, node] : member(root, "cwe").entries) {
    auto& weakness = rubric.cwe[number_of(key, node.place)];
    weakness.names = phrases_of(member(node, "names"));
    for (const auto& keywords : list_of(member(node, "describes"))) weakness.describes.push_back(phrases_of(keywords));
  }
  return rubric;
}

}  // namespace dormouse::lab
