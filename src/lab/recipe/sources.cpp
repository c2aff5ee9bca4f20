#include "lab/recipe/sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "core/base/error.h"
#include "core/base/version.h"
#include "engine/weights/hub_models.h"

namespace dormouse::lab {

namespace {

std::optional<fs::path> existing_path(const std::string& name, const fs::path& recipe_folder) {
  std::error_code code;
  for (const fs::path& path : {recipe_folder / name, fs::path(name)}) {
    if (fs::exists(path, code)) return path;
  }
  return std::nullopt;
}

// "everyday/train" for prompts/everyday/train.jsonl.
std::vector<std::string> known_prompts(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code code;
  for (const auto& set : fs::directory_iterator(folder, code)) {
    for (const auto& file : fs::directory_iterator(set, code)) {
      if (file.path().extension() != ".jsonl") continue;
      names.push_back(fmt::format("{}/{}", set.path().filename().string(), file.path().stem().string()));
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

Sources default_sources(const fs::path& recipe_file) {
  const fs::path folder = recipe_file.parent_path();
  Sources sources;
  sources.find_model = [folder](const std::string& source, const std::string& place) -> FoundModel {
    const auto path = existing_path(source, folder);
    if (!path) {
      fail_input(place, fmt::format("model `{}`: there is no such file or folder", source),
                 "give the path of a GGUF file or of a model folder, or hub:ORG/NAME");
    }
    if (path->extension() != ".json") return {*path};
    auto [shape, refused] = weights::shape_of_config(*path);
    return {{}, Absent{source, place, "give the model's folder, which holds this file", shape, refused}};
  };
  sources.find_prompts = [folder](const std::string& name, const std::string& place) {
    const auto known = known_prompts(home_folder() / "prompts");
    if (std::find(known.begin(), known.end(), name) != known.end()) {
      return home_folder() / "prompts" / (name + ".jsonl");
    }
    const auto path = existing_path(name, folder);
    if (path && fs::is_regular_file(*path)) return *path;
    if (!path && (name.ends_with(".jsonl") || name.ends_with(".jsonl.gz"))) return fs::path(name);
    fail_input(place, unknown_name("prompt set", name, known), "a path to a .jsonl file is also accepted");
  };
  sources.find_data = [folder](const std::string& name, const std::string& place) {
    if (const fs::path own = home_folder() / "prompts" / name; !name.empty() && fs::exists(own)) return own;
    if (const auto path = existing_path(name, folder)) return *path;
    if (name.starts_with("data/")) return fs::path(name);
    fail_input(place, fmt::format("`{}`: there is no such file or folder", name),
               "paths begin at the recipe or at the current folder");
  };
  return sources;
}

}  // namespace dormouse::lab
