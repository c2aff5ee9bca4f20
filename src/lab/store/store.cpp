#include "lab/store/store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <utility>

#include "core/base/environment.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/log.h"
#include "core/base/progress.h"

namespace dormouse::lab {

namespace {

constexpr const char* kManifest = "manifest.json";

constexpr const char* kAnotherFolder = "name another folder with --store or DORMOUSE_STORE";

void refuse_file(const fs::path& folder) {
  std::error_code code;
  if (fs::exists(folder, code) && !fs::is_directory(folder, code))
    fail_input(folder.string(), "is a file, expected the folder of a store", kAnotherFolder);
}

// A hash becomes a path: nothing else may pass for one.
void check_hash(const std::string& hash) {
  const auto hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  DORMOUSE_ASSERT(hash.size() == 64 && std::all_of(hash.begin(), hash.end(), hex));
}

// write_file's neighbour "name.tmp123" of a process that died in the middle.
bool is_temporary(const fs::path& path) {
  const std::string end = path.extension().string();
  return end.starts_with(".tmp") && end.size() > 4 &&
         std::all_of(end.begin() + 4, end.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

void remove_temporary_files(const fs::path& folder) {
  std::vector<fs::path> doomed;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && is_temporary(entry.path())) doomed.push_back(entry.path());
  }
  for (const auto& path : doomed) fs::remove(path);
}

std::map<std::string, StoredFile> sum_files(const fs::path& folder) {
  std::map<std::string, StoredFile> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_directory() && !entry.is_symlink()) continue;
    if (!entry.is_regular_file() || entry.is_symlink()) {
      fail_work(entry.path().string(), "is no plain file: an artefact must not lead out of its folder");
    }
    const std::string name = entry.path().lexically_relative(folder).generic_string();
    if (name != kManifest) files[name] = {static_cast<int64_t>(entry.file_size()), sha256_file(entry.path())};
  }
  return files;
}

// "" if everything is as the manifest says.
std::string find_damage(const fs::path& folder, const Manifest& manifest) {
  for (const auto& [name, file] : manifest.files) {
    if (file.dropped) continue;
    const fs::path path = folder / name;
    std::error_code code;
    const auto size = fs::file_size(path, code);
    if (code) return fmt::format("{} is missing", name);
    if (static_cast<int64_t>(size) != file.size) return fmt::format("{} has another size", name);
    try {
      if (sha256_file(path) != file.sha256) return fmt::format("{} has another checksum", name);
    } catch (const Error&) {
      return fmt::format("{} cannot be read", name);
    }
  }
  return "";
}

void rename_folder(const fs::path& from, const fs::path& to) {
  std::error_code code;
  fs::rename(from, to, code);
  if (code) fail_work(to.string(), fmt::format("renaming into place failed: {}", code.message()));
}

}  // namespace

StoreLock::StoreLock(StoreLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

StoreLock::~StoreLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Store::Store(fs::path folder) : folder_(std::move(folder)) {
  refuse_file(folder_);
  for (const char* name : {"objects", "work", "locks"}) {
    std::error_code code;
    fs::create_directories(folder_ / name, code);
    if (code)
      fail_input(folder_.string(), fmt::format("the store cannot be made there: {}", code.message()), kAnotherFolder);
  }
}

Store Store::to_read(fs::path folder) {
  refuse_file(folder);
  Store store;
  store.folder_ = std::move(folder);
  return store;
}

bool Store::exists() const {
  std::error_code code;
  return fs::is_directory(folder_ / "objects", code);
}

fs::path Store::default_folder() {
  const std::string folder = environment("DORMOUSE_STORE");
  return folder.empty() ? "store" : folder;
}

fs::path Store::object(const std::string& hash) const {
  check_hash(hash);
  return folder_ / "objects" / hash;
}

fs::path Store::work(const std::string& hash) const {
  check_hash(hash);
  return folder_ / "work" / hash;
}

std::optional<Manifest> Store::find(const std::string& hash) const {
  const fs::path path = object(hash) / kManifest;
  try {
    Manifest manifest = manifest_from_json(parse_json(read_file(path), path.string()), path.string());
    // The hash is that of the identity, so damage to the manifest's most important part shows too.
    if (sha256(canonical_json(manifest.identity)) == hash) return manifest;
  } catch (const Error&) {
  }
  return std::nullopt;
}

std::optional<Manifest> Store::verified(const std::string& hash) {
  auto manifest = find(hash);
  if (!manifest && !fs::exists(object(hash))) return std::nullopt;
  if (manifest && verified_.contains(hash)) return manifest;
  const std::string damage = manifest ? find_damage(object(hash), *manifest) : "its manifest cannot be read";
  if (damage.empty()) {
    verified_.insert(hash);
    return manifest;
  }
  set_aside(hash, damage);
  return std::nullopt;
}

void Store::set_aside(const std::string& hash, const std::string& reason) {
  make_folders(folder_ / "damaged");
  int number = 1;
  fs::path target;
  do {
    target = folder_ / "damaged" / fmt::format("{}-{}", hash, number++);
  } while (fs::exists(target));
  rename_folder(object(hash), target);
  log_warning("store", fmt::format("{} is damaged: {}; moved to {} and made again", object(hash).string(), reason,
                                   target.string()));
}

std::optional<StoreLock> Store::try_lock(const std::string& hash) const {
  check_hash(hash);
  const fs::path path = folder_ / "locks" / hash;
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) fail_work(path.string(), fmt::format("cannot open the lock: {}", std::strerror(errno)));
  StoreLock held(descriptor);
  while (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return std::nullopt;
    if (errno != EINTR) fail_work(path.string(), fmt::format("locking failed: {}", std::strerror(errno)));
  }
  return held;
}

// Polled: a blocking flock would not notice an interrupt.
StoreLock Store::lock(const std::string& hash) const {
  for (bool told = false;; told = true) {
    if (auto held = try_lock(hash)) return std::move(*held);
    if (!told) log_info("store", fmt::format("waiting for another process that works on {}", hash.substr(0, 12)));
    check_interrupt();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

bool Store::has_work(const std::string& hash) const { return fs::exists(work(hash)); }

fs::path Store::begin(const std::string& hash) {
  const fs::path folder = work(hash);
  make_folders(folder / "out");
  make_folders(folder / "scratch");
  remove_temporary_files(folder);
  return folder;
}

void Store::commit(const std::string& hash, Manifest& manifest) {
  const fs::path out = work(hash) / "out";
  fs::remove(out / kManifest);  // of a process that died between the manifest and the rename
  remove_temporary_files(out);
  std::erase_if(manifest.files, [](const auto& file) { return !file.second.dropped; });
  for (auto& [name, file] : sum_files(out)) manifest.files[name] = std::move(file);
  sync_tree(out);
  write_file(out / kManifest, to_json(manifest).dump(2) + "\n");
  const fs::path replaced = work(hash) / "replaced";
  fs::remove_all(replaced);  // of a process that died before it could tidy up
  if (fs::exists(object(hash))) rename_folder(object(hash), replaced);
  rename_folder(out, object(hash));
  sync_folder(folder_ / "objects");
  fs::remove_all(work(hash));
  verified_.insert(hash);
}

void Store::drop_weights(const std::string& hash) {
  auto manifest = find(hash);
  if (!manifest) return;
  std::vector<fs::path> doomed;
  for (auto& [name, file] : manifest->files) {
    if (file.dropped || !name.ends_with(".safetensors")) continue;
    file.dropped = true;
    doomed.push_back(object(hash) / name);
  }
  if (doomed.empty()) return;
  // The manifest first: a kill in between leaves files that nobody misses, never a file that is missed.
  write_file(object(hash) / kManifest, to_json(*manifest).dump(2) + "\n");
  for (const fs::path& path : doomed) fs::remove(path);
}

}  // namespace dormouse::lab
