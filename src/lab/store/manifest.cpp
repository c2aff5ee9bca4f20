#include "lab/store/manifest.h"

#include <algorithm>

#include "core/base/error.h"

namespace dormouse::lab {

namespace {

// Older manifests are without it.
std::string optional_string(const Json& json, const std::string& key, const std::string& place) {
  return json.contains(key) ? json_string(json, key, place) : "";
}

}  // namespace

bool is_whole(const Manifest& manifest) {
  return std::none_of(manifest.files.begin(), manifest.files.end(),
                      [](const auto& file) { return file.second.dropped; });
}

Json to_json(const Manifest& manifest) {
  Json files = Json::object();
  for (const auto& [name, file] : manifest.files) {
    files[name] = {{"size", file.size}, {"sha256", file.sha256}};
    if (file.dropped) files[name]["dropped"] = true;
  }
  return {{"identity", manifest.identity},
          {"program_version", manifest.program_version},
          {"torch_version", manifest.torch_version},
          {"threads", manifest.threads},
          {"cpu", manifest.cpu},
          {"revision", manifest.revision},
          {"gpu", manifest.gpu},
          {"seconds", manifest.seconds},
          {"resumed", manifest.resumed},
          {"counters", manifest.counters},
          {"files", files}};
}

Manifest manifest_from_json(const Json& json, const std::string& place) {
  const Json& resumed = json_member(json, "resumed", place);
  const Json& files = json_member(json, "files", place);
  Manifest manifest = {.identity = json_member(json, "identity", place),
                       .program_version = json_string(json, "program_version", place),
                       .torch_version = json_string(json, "torch_version", place),
                       .threads = static_cast<int>(json_int(json, "threads", place)),
                       .cpu = optional_string(json, "cpu", place),
                       .revision = optional_string(json, "revision", place),
                       .gpu = optional_string(json, "gpu", place),
                       .seconds = json_number(json, "seconds", place),
                       .resumed = resumed.is_boolean() && resumed.get<bool>(),
                       .counters = json_member(json, "counters", place),
                       .files = {}};
  if (!files.is_object() || !manifest.counters.is_object()) fail_input(place, "`files` and `counters` must be objects");
  for (const auto& [name, file] : files.items()) {
    manifest.files[name] = {json_int(file, "size", place), json_string(file, "sha256", place),
                            file.value("dropped", false)};
  }
  return manifest;
}

}  // namespace dormouse::lab
