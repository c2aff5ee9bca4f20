#include "lab/store/archive.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "science/measure/rows.h"

namespace dormouse::lab {

namespace {

constexpr int kVersion = 1;
constexpr const char* kGetAgain = "it was changed or cut short: get the file again, or make one with dormouse archive";
constexpr std::size_t kMaxBytes = std::size_t{1} << 30;  // unpacked

Json packed(const Store& store, const std::string& hash, Manifest manifest,
            const std::function<bool(const std::string&)>& keeps) {
  Json files = Json::object();
  for (auto& [name, file] : manifest.files) {
    if (!file.dropped && keeps(name)) {
      files[name] = read_file(store.object(hash) / name);
    } else {
      file.dropped = true;
    }
  }
  return {{"hash", hash}, {"manifest", to_json(manifest)}, {"files", std::move(files)}};
}

// A path within the object and nowhere else.
bool stays_inside(const std::string& name) {
  const fs::path path(name);
  if (name.empty() || path.is_absolute() || name.find('\0') != std::string::npos) return false;
  return std::none_of(path.begin(), path.end(), [](const fs::path& part) {
    return part.empty() || part == "." || part == ".." || part == "manifest.json";
  });
}

bool is_hash(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

// A line of the file, checked.
struct Archived {
  std::string hash;
  Manifest manifest;
  Json files;
};

Archived unpacked(const std::string& line, const std::string& place) {
  const Json json = parse_json(line, place);
  Archived object = {.hash = json_string(json, "hash", place),
                     .manifest = manifest_from_json(json_member(json, "manifest", place), place),
                     .files = json_member(json, "files", place)};
  if (!is_hash(object.hash) || sha256(canonical_json(object.manifest.identity)) != object.hash)
    fail_input(place, "the hash is not that of the artefact's identity");
  if (!object.files.is_object()) fail_input(place, "`files` must be an object");
  for (const auto& [name, text] : object.files.items()) {
    if (!stays_inside(name)) fail_input(place, fmt::format("`{}` is no path within an artefact", name));
    const auto known = object.manifest.files.find(name);
    const bool as_listed = known != object.manifest.files.end() && !known->second.dropped && text.is_string() &&
                           sha256(text.get_ref<const std::string&>()) == known->second.sha256;
    if (!as_listed) fail_input(place, fmt::format("`{}` is not as its manifest says", name));
  }
  for (const auto& [name, file] : object.manifest.files) {
    if (!file.dropped && !object.files.contains(name)) fail_input(place, fmt::format("`{}` is missing", name));
  }
  return object;
}

Archived read_line(const std::string& line, const std::string& place) {
  try {
    return unpacked(line, place);
  } catch (const Error& error) {
    throw Error(error.kind(), fmt::format("{}\n  next: {}", error.what(), kGetAgain));
  }
}

Json parse_head(const std::string& line) {
  try {
    return parse_json(line, "");
  } catch (const Error&) {
    return {};
  }
}

void check_head(const std::vector<std::string>& lines, const fs::path& file) {
  const Json head = lines.empty() ? Json() : parse_head(lines.front());
  const auto has = [&](const char* key) { return head.contains(key) && head[key].is_number_integer(); };
  if (!head.is_object() || !has("version") || !has("objects")) {
    fail_input(file.string(), lines.empty() ? "is empty, and no archive of dormouse" : "is no archive of dormouse",
               "make one with dormouse archive FILE");
  }
  const std::string place = file.string() + ":1";
  if (head["version"] != kVersion)
    fail_input(place, fmt::format("expected an archive of version {}", kVersion), "take a newer Dormouse");
  if (head["objects"] != lines.size() - 1) {
    fail_input(place, fmt::format("announces {} artefacts, and {} follow", head["objects"].dump(), lines.size() - 1),
               kGetAgain);
  }
}

bool take_in(Archived& object, Store& store) {
  const StoreLock held = store.lock(object.hash);
  if (store.verified(object.hash) || store.has_work(object.hash)) return false;
  const fs::path work = store.begin(object.hash);
  try {
    for (const auto& [name, text] : object.files.items()) {
      make_folders((work / "out" / name).parent_path());
      write_file(work / "out" / name, text.get_ref<const std::string&>());
    }
    store.commit(object.hash, object.manifest);
  } catch (...) {
    fs::remove_all(work);  // or the stage itself would take it for work to resume
    throw;
  }
  return true;
}

}  // namespace

ArchiveCount write_archive(const Store& store, const std::vector<std::string>& hashes,
                           const std::function<bool(const std::string&)>& keeps, const fs::path& file) {
  std::vector<std::string> sorted = hashes;
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  std::vector<std::string> lines;
  for (const std::string& hash : sorted) {
    if (auto manifest = store.find(hash)) lines.push_back(canonical_json(packed(store, hash, *manifest, keeps)));
  }
  std::string text =
      canonical_json({{"canary", measure::kCanary}, {"version", kVersion}, {"objects", lines.size()}}) + "\n";
  for (const std::string& line : lines) text += line + "\n";
  write_gzip(file, text);
  return {.objects = static_cast<int64_t>(lines.size())};
}

ArchiveCount read_archive(const fs::path& file, Store& store) {
  const std::vector<std::string> lines = split_lines(read_packed(file, kMaxBytes));
  check_head(lines, file);
  ArchiveCount count;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    Archived object = read_line(lines[i], fmt::format("{}:{}", file.string(), i + 1));
    ++(take_in(object, store) ? count.objects : count.present);
  }
  return count;
}

}  // namespace dormouse::lab
