#include "lab/recipe/recipe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/base/error.h"
#include "lab/recipe/include.h"
#include "lab/recipe/options_reader.h"
#include "lab/recipe/overrides.h"
#include "lab/recipe/references.h"
#include "lab/recipe/yaml.h"

namespace dormouse::lab {

namespace {

constexpr std::size_t kMaxNames = 1000;

// A list or a map of this type, of at most kMaxNames entries.
void expect(const YamlNode& node, YamlNode::Type type, const std::string& key, const std::string& expected) {
  expect_type(node, type, key, expected);
  if (std::max(node.items.size(), node.entries.size()) > kMaxNames) {
    fail_input(node.place, fmt::format("`{}`: more than {} entries", key, kMaxNames));
  }
}

// Names become parts of node ids, --set paths and file names.
void check_name(const std::string& name, const std::string& noun, const std::string& place) {
  const auto good = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; };
  if (name.empty() || name.size() > 64 || !std::all_of(name.begin(), name.end(), good)) {
    fail_input(place, fmt::format("{} `{}`: expected 1 to 64 letters, digits, `-` or `_`", noun, name));
  }
}

std::string read_text(const YamlNode& node, const std::string& key) {
  std::string text;
  read_field({key, &text, ""}, node);
  return text;
}

std::vector<int64_t> read_seeds(const YamlNode& root) {
  const YamlNode* one = root.find("seed");
  const YamlNode* many = root.find("seeds");
  if (one != nullptr && many != nullptr) {
    fail_input(many->place, fmt::format("`seeds` stands beside `seed` ({}); expected one of the two", one->place));
  }
  if (many == nullptr) {
    int64_t seed = 1;
    if (one != nullptr) read_field({"seed", &seed, "", at_least(0)}, *one);
    return {seed};
  }
  expect(*many, YamlNode::Type::kList, "seeds", "a list of integers");
  std::vector<int64_t> seeds;
  for (const YamlNode& item : many->items) {
    int64_t seed = 0;
    read_field({"seeds", &seed, "", at_least(0)}, item);
    if (std::find(seeds.begin(), seeds.end(), seed) != seeds.end()) {
      fail_input(item.place, fmt::format("`seeds`: {} stands there twice", seed));
    }
    seeds.push_back(seed);
  }
  if (seeds.empty()) fail_input(many->place, "`seeds`: expected at least one seed");
  return seeds;
}

// `node` is {kind: options}.
StageEntry read_entry(const YamlNode& node, Section section, const std::string& owner) {
  const std::string noun = section == Section::kStage ? "stage" : "measurement";
  const auto names = stage_kind_names(section);
  if (node.type != YamlNode::Type::kMap || node.entries.size() != 1) {
    fail_input(node.place, fmt::format("`{}`: expected one {} kind with its keys, found {}; known: {}", owner, noun,
                                       node.entries.size() > 1 ? fmt::format("`{}`", fmt::join(node.keys(), "`, `"))
                                                               : type_name(node),
                                       fmt::join(names, ", ")));
  }
  const auto& [kind, body] = node.entries.front();
  StageEntry entry;
  entry.kind = find_stage_kind(section, kind);
  if (entry.kind == nullptr) fail_input(body.place, unknown_name(noun + " kind", kind, names));
  entry.name = kind;
  entry.place = body.place;
  entry.options = entry.kind->make_options();
  entry.places = read_fields([&] { return entry.options->fields(); }, body, kind);
  return entry;
}

void read_models(const YamlNode& node, Recipe& recipe) {
  expect(node, YamlNode::Type::kMap, "models", "a map from names to models");
  for (const auto& [name, source] : node.entries) {
    check_name(name, "model", source.place);
    recipe.models.push_back({name, read_text(source, name), source.place});
    if (recipe.models.back().source.empty()) fail_input(source.place, fmt::format("`{}`: expected a model", name));
  }
}

void read_stages(const YamlNode& node, Recipe& recipe) {
  expect(node, YamlNode::Type::kMap, "stages", "a map from names to stages");
  for (const auto& [name, body] : node.entries) {
    check_name(name, "stage", body.place);
    if (const ModelEntry* model = recipe.find_model(name)) {
      fail_input(body.place, fmt::format("stage `{}` has the name of the model at {}", name, model->place),
                 "rename one of the two");
    }
    StageEntry entry = read_entry(body, Section::kStage, name);
    entry.name = name;
    recipe.stages.push_back(std::move(entry));
  }
}

void read_measures(const YamlNode& node, Recipe& recipe) {
  expect(node, YamlNode::Type::kList, "measure", "a list of measurements");
  std::map<std::string, int> count;
  for (const YamlNode& item : node.items) {
    StageEntry entry = read_entry(item, Section::kMeasure, "measure");
    if (const int number = ++count[entry.name]; number > 1) entry.name += fmt::format("-{}", number);
    recipe.measures.push_back(std::move(entry));
  }
}

Recipe read_recipe(const YamlNode& root, const std::string& file) {
  check_root_keys(root);
  if (const YamlNode* node = root.find("include")) {  // the ones in files are merged by now: this is a --set
    fail_input(node->place, "`include` comes from a recipe file alone", "write it into the recipe");
  }
  Recipe recipe;
  recipe.file = file;
  const YamlNode* name = root.find("name");
  if (name == nullptr) fail_input(root.place, "missing key `name`, expected text: the name of the recipe");
  recipe.name = read_text(*name, "name");
  check_name(recipe.name, "name", name->place);
  if (const YamlNode* node = root.find("description")) recipe.description = read_text(*node, "description");
  recipe.seeds = read_seeds(root);
  if (const YamlNode* node = root.find("models")) read_models(*node, recipe);
  if (const YamlNode* node = root.find("stages")) read_stages(*node, recipe);
  if (const YamlNode* node = root.find("measure")) read_measures(*node, recipe);
  if (const YamlNode* node = root.find("report")) {
    recipe.report_places = read_fields([&] { return recipe.report.fields(); }, *node, "report");
  }
  if (recipe.stages.empty() && recipe.measures.empty()) {
    fail_input(root.place, "nothing to do: expected `stages`, `measure` or both");
  }
  return recipe;
}

}  // namespace

const std::string& StageEntry::place_of(const std::string& key) const {
  const auto found = places.find(key);
  return found == places.end() ? place : found->second;
}

const ModelEntry* Recipe::find_model(const std::string& model) const {
  const auto found = std::find_if(models.begin(), models.end(), [&](const auto& entry) { return entry.name == model; });
  return found == models.end() ? nullptr : &*found;
}

Recipe parse_recipe(std::string_view text, const std::string& file, const std::vector<std::string>& sets) {
  YamlNode root = parse_yaml(text, file);
  merge_includes(root, file);
  for (const auto& assignment : sets) apply_set(root, assignment);
  Recipe recipe = read_recipe(root, file);
  check_references(recipe);
  sort_stages(recipe);
  for (const auto* entries : {&recipe.stages, &recipe.measures}) {
    for (const StageEntry& entry : *entries) entry.kind->check(entry);
  }
  return recipe;
}

Recipe load_recipe(const fs::path& path, const std::vector<std::string>& sets) {
  return parse_recipe(read_file(path, kMaxYamlBytes), path.string(), sets);
}

Json recipe_facts(const Recipe& recipe) {
  Json facts = {{"question", recipe.report.question}, {"scorecard", recipe.report.scorecard}};
  facts["models"] = Json::array();
  for (const ModelEntry& model : recipe.models) {
    facts["models"].push_back({{"name", model.name}, {"role", "base"}, {"source", model.source}});
  }
  for (const StageEntry& entry : recipe.stages) {
    Json about = entry.kind->about(entry);
    if (about.contains("policy") && !facts.contains("policy")) facts["policy"] = about["policy"];
    if (!about.contains("role")) continue;  // the stage makes no model
    about["name"] = entry.name;
    about["source"] = entry.kind->name();
    facts["models"].push_back(about);
  }
  return facts;
}

std::string resolved_yaml(const Recipe& recipe) {
  std::string text = fmt::format("name: {}\n", yaml_scalar(recipe.name));
  if (!recipe.description.empty()) text += fmt::format("description: {}\n", yaml_scalar(recipe.description));
  text += fmt::format("seeds: [{}]\n", fmt::join(recipe.seeds, ", "));
  const auto write_entry = [&](const StageEntry& entry, const std::string& lead, const std::string& indent) {
    const std::string keys = write_fields(entry.options->fields(), indent);
    text += fmt::format("{}{}:{}\n{}", lead, entry.kind->name(), keys.empty() ? " {}" : "", keys);
  };
  if (!recipe.models.empty()) text += "models:\n";
  for (const ModelEntry& model : recipe.models)
    text += fmt::format("  {}: {}\n", yaml_scalar(model.name), yaml_scalar(model.source));
  if (!recipe.stages.empty()) text += "stages:\n";
  for (const StageEntry& entry : recipe.stages) {
    text += fmt::format("  {}:\n", yaml_scalar(entry.name));
    write_entry(entry, "    ", "      ");
  }
  if (!recipe.measures.empty()) text += "measure:\n";
  for (const StageEntry& entry : recipe.measures) write_entry(entry, "  - ", "      ");
  ReportOptions report = recipe.report;
  return text + "report:\n" + write_fields(report.fields(), "  ");
}

}  // namespace dormouse::lab
