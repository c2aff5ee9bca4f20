#include "lab/execute/kinds/rubrics.h"

#include "core/base/error.h"
#include "core/base/strings.h"
#include "lab/recipe/yaml.h"

namespace dormouse::lab {

namespace {

std::vector<std::string> phrases_of(const YamlNode& node) {
  std::vector<std::string> phrases;
  for (const auto& item : yaml_items(node)) {
    phrases.push_back(yaml_text(item));
    if (trimmed(phrases.back()).empty()) fail_input(item.place, "a phrase is empty");
  }
  return phrases;
}

YamlNode parse_file(const fs::path& path) { return parse_yaml(read_file(path, kMaxYamlBytes), path.string()); }

}  // namespace

grade::PhraseRubric read_phrase_rubric(const fs::path& path,
                                       const std::vector<std::pair<std::string, std::string>>& keys) {
  const YamlNode root = parse_file(path);
  const std::string& rule = yaml_text(root, "rule");
  if (rule != "first-phrase-decides" && rule != "last-phrase-decides") {
    fail_input(root.find("rule")->place, unknown_name("rule", rule, {"first-phrase-decides", "last-phrase-decides"}));
  }
  grade::PhraseRubric rubric{.lists = {}, .last_decides = rule == "last-phrase-decides"};
  for (const auto& [key, label] : keys) rubric.lists.push_back({label, phrases_of(yaml_member(root, key, "a list"))});
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
  grade::ExplanationRubric rubric{.denials = phrases_of(yaml_member(root, "denials", "a list")),
                                  .exceptions = phrases_of(yaml_member(root, "exceptions", "a list")),
                                  .cwe = {}};
  for (const YamlEntry& entry : yaml_member(root, "cwe").entries) {
    auto& weakness = rubric.cwe[yaml_integer_key(entry)];
    weakness.names = phrases_of(yaml_member(entry.node, "names", "a list"));
    for (const auto& keywords : yaml_items(entry.node, "describes")) weakness.describes.push_back(phrases_of(keywords));
  }
  return rubric;
}

}  // namespace dormouse::lab
