#include "engine/weights/hub_models.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <vector>

#include "core/base/environment.h"
#include "core/base/error.h"
#include "core/base/json_lines.h"
#include "core/base/strings.h"
#include "core/base/version.h"

namespace dormouse::weights {

namespace {

constexpr std::size_t kMaxShapeBytes = 1 << 20;

fs::path cache_folder() {
  if (const auto set = environment("HF_HUB_CACHE"); !set.empty()) return set;
  if (const auto set = environment("HF_HOME"); !set.empty()) return fs::path(set) / "hub";
  const auto set = environment("XDG_CACHE_HOME");
  return (set.empty() ? fs::path(environment("HOME")) / ".cache" : fs::path(set)) / "huggingface" / "hub";
}

// One component of a path, never one that leads elsewhere.
bool is_plain(const std::string& text) {
  const auto good = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.'; };
  return !text.empty() && text.size() <= 96 && text.front() != '.' && std::all_of(text.begin(), text.end(), good);
}

void check_name(const std::string& name, const std::string& place) {
  const std::size_t slash = name.find('/');
  if (slash != std::string::npos && is_plain(name.substr(0, slash)) && is_plain(name.substr(slash + 1))) return;
  fail_input(place, fmt::format("`hub:{}`: expected hub:ORG/NAME", name));
}

// The folder of the revision that `main` was when it was downloaded, whatever lies in it.
std::optional<fs::path> snapshot(const std::string& name) {
  std::string folder = "models--" + name;
  folder.replace(folder.find('/'), 1, "--");
  const fs::path model = cache_folder() / folder, main = model / "refs" / "main";
  std::error_code code;
  if (!fs::is_regular_file(main, code)) return std::nullopt;
  const std::string revision = trimmed(read_file(main, 256));
  const fs::path path = model / "snapshots" / revision;
  if (!is_plain(revision) || !fs::is_directory(path, code)) return std::nullopt;
  return path;
}

// Pickles count: opening them says what to do about them.
bool has_weights(const fs::path& folder) {
  static const std::set<std::string> kEndings = {".safetensors", ".bin"};
  std::error_code code;
  for (fs::directory_iterator at(folder, code), end; !code && at != end; at.increment(code)) {
    if (kEndings.contains(at->path().extension().string())) return true;
  }
  return false;
}

std::string reason_to_refuse(const Json& config) {
  try {
    config_from_json(config, "config.json");
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

KnownShape known_shape(const Json& config, const std::string& place) {
  return {shape_from_json(config, place), reason_to_refuse(config)};
}

}  // namespace

std::optional<fs::path> downloaded_model(const std::string& name, const std::string& place) {
  check_name(name, place);
  const auto folder = snapshot(name);
  return folder && has_weights(*folder) ? folder : std::nullopt;
}

std::string download_command(const std::string& name) { return "hf download " + name; }

KnownShape shape_of_hub_model(const std::string& name, const std::string& place) {
  check_name(name, place);
  std::error_code code;
  if (const auto folder = snapshot(name); folder && fs::is_regular_file(*folder / "config.json", code)) {
    return shape_of_config(*folder / "config.json");
  }
  const fs::path table = home_folder() / "recipes" / "hub-models.jsonl";
  std::optional<KnownShape> found;
  std::vector<std::string> names;
  for_json_rows(table, [&](const Json& row, const std::string& line) {
    names.push_back(json_string(row, "model", line));
    if (names.back() == name) found = known_shape(json_member(row, "config", line), line);
  });
  if (found) return *found;
  const std::string near = nearest_name(name, names);
  fail_input(place,
             fmt::format("`hub:{}` is not on this machine, and its shape is not known{}", name,
                         near.empty() ? "" : fmt::format(" (did you mean `{}`?)", near)),
             fmt::format("`{0}` to have it, `{0} config.json` or a row in {1} to plan with it", download_command(name),
                         table.string()));
}

KnownShape shape_of_config(const fs::path& config_json) {
  const std::string place = config_json.string();
  return known_shape(parse_json(read_file(config_json, kMaxShapeBytes), place), place);
}

}  // namespace dormouse::weights
