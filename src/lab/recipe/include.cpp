#include "lab/recipe/include.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "core/base/error.h"

namespace dormouse::lab {

namespace {

const std::vector<std::string> kRootKeys = {"name",   "description", "include", "seed",  "seeds",
                                            "models", "stages",      "measure", "report"};

// Equal but for places; the order of keys does not matter.
bool same_content(const YamlNode& a, const YamlNode& b) {
  if (a.type != b.type || a.scalar != b.scalar || a.entries.size() != b.entries.size()) return false;
  const bool same_entries = std::all_of(a.entries.begin(), a.entries.end(), [&](const YamlEntry& entry) {
    const YamlNode* other = b.find(entry.key);
    return other != nullptr && same_content(entry.node, *other);
  });
  return same_entries && std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(), same_content);
}

class Merger {
 public:
  /// Of one file: first what it includes, then its own.
  void add(const YamlNode& root, const fs::path& file) {
    check_root_keys(root);
    open_.push_back(file);
    if (const YamlNode* list = root.find("include")) {
      expect_type(*list, YamlNode::Type::kList, "include", "a list of recipe files");
      for (const YamlNode& item : list->items) add_file(item);
    }
    if (const YamlNode* models = root.find("models")) {
      merge_map(models_, *models, "model");
      check_first_model(*models);
    }
    if (const YamlNode* stages = root.find("stages")) merge_map(stages_, *stages, "stage");
    if (const YamlNode* measures = root.find("measure")) merge_measures(*measures);
    open_.pop_back();
  }

  void write(YamlNode& root) && {
    std::erase_if(root.entries, [](const YamlEntry& entry) { return entry.key == "include"; });
    const auto put = [&](const std::string& key, YamlNode&& merged) {
      if (merged.type == YamlNode::Type::kNull) return;
      YamlNode* node = root.find(key);
      (node != nullptr ? *node : root.append(key)) = std::move(merged);
    };
    put("models", std::move(models_));
    put("stages", std::move(stages_));
    put("measure", std::move(measures_));
  }

 private:
  void add_file(const YamlNode& item) {
    expect_type(item, YamlNode::Type::kScalar, "include", "the path of a recipe file");
    const fs::path name = item.scalar;
    const bool leaves = name.is_absolute() || std::find(name.begin(), name.end(), "..") != name.end();
    if (leaves || name.extension() != ".yaml") {
      fail_input(
          item.place,
          fmt::format("`include`: expected a .yaml file in this recipe's folder or below, found `{}`", item.scalar),
          "write its path from this recipe's folder");
    }
    const fs::path path = (open_.back().parent_path() / name).lexically_normal();
    if (std::find(open_.begin(), open_.end(), path) != open_.end()) fail_cycle(item, path);
    std::error_code code;  // a name may be too long to be looked up at all
    if (!fs::is_regular_file(path, code))
      fail_input(item.place, fmt::format("`include`: there is no file {}", path.string()));
    if (!done_.insert(path).second) return;
    add(parse_yaml(read_file(path, kMaxYamlBytes), path.string()), path);
  }

  [[noreturn]] void fail_cycle(const YamlNode& item, const fs::path& path) const {
    std::vector<std::string> names;
    for (auto file = std::find(open_.begin(), open_.end(), path); file != open_.end(); ++file)
      names.push_back(file->string());
    fail_input(item.place, fmt::format("the recipes include each other in a cycle: {} -> {}", fmt::join(names, " -> "),
                                       path.string()));
  }

  static void merge_map(YamlNode& merged, const YamlNode& own, const std::string& noun) {
    expect_type(own, YamlNode::Type::kMap, noun + "s", fmt::format("a map from names to {}s", noun));
    if (merged.type == YamlNode::Type::kNull) merged.place = own.place;
    merged.type = YamlNode::Type::kMap;
    for (const auto& [name, node] : own.entries) {
      const YamlNode* known = merged.find(name);
      if (known == nullptr) {
        merged.append(name) = node;
      } else if (!same_content(*known, node)) {
        fail_input(node.place, fmt::format("{} `{}` is not the one at {}", noun, name, known->place),
                   "rename one of the two, or make them the same");
      }
    }
  }

  void check_first_model(const YamlNode& own) const {
    if (own.entries.empty()) return;
    const YamlEntry &first = models_.entries.front(), &mine = own.entries.front();
    if (first.key == mine.key) return;
    fail_input(
        mine.node.place,
        fmt::format("the first model is `{}`, and in another included recipe `{}` ({}): a stage may take the first "
                    "model by default, and would change its meaning",
                    mine.key, first.key, first.node.place),
        "let the recipes begin with the same model");
  }

  void merge_measures(const YamlNode& own) {
    expect_type(own, YamlNode::Type::kList, "measure", "a list of measurements");
    if (measures_.type == YamlNode::Type::kNull) measures_.place = own.place;
    measures_.type = YamlNode::Type::kList;
    for (const YamlNode& item : own.items) {
      const bool known = std::any_of(measures_.items.begin(), measures_.items.end(),
                                     [&](const YamlNode& other) { return same_content(item, other); });
      if (!known) measures_.items.push_back(item);
    }
  }

  YamlNode models_, stages_, measures_;
  std::vector<fs::path> open_;  // the files being read, outermost first
  std::set<fs::path> done_;
};

}  // namespace

void check_root_keys(const YamlNode& root) {
  for (const auto& [key, node] : root.entries) {
    if (std::find(kRootKeys.begin(), kRootKeys.end(), key) == kRootKeys.end())
      fail_input(node.place, unknown_name("key", key, kRootKeys));
  }
}

void merge_includes(YamlNode& root, const fs::path& file) {
  if (root.find("include") == nullptr) return;
  Merger merger;
  merger.add(root, file.lexically_normal());
  std::move(merger).write(root);
}

}  // namespace dormouse::lab
