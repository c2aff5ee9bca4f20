// Artefacts under the hash of what they were made from.
//
//   objects/<hash>/   finished: the node's files and manifest.json
//   work/<hash>/      out/ (becomes the object), scratch/ (checkpoints to resume from, thrown away),
//   start.json damaged/          objects whose checksums no longer held locks/            one file a hash,
//   locked by the process that works on it ledger.sqlite
//
// An object appears by one rename after everything in it was fsynced, so it is whole or absent at every
// instant.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "core/base/files.h"
#include "lab/store/manifest.h"

namespace dormouse::lab {

/// Held by the one process that works on a hash; released when it goes out of scope or the process dies.
class StoreLock {
 public:
  StoreLock(StoreLock&& other) noexcept;
  StoreLock& operator=(StoreLock&&) = delete;
  ~StoreLock();

 private:
  friend class Store;
  explicit StoreLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

class Store {
 public:
  /// Makes the folders. Throws kInput if it cannot.
  explicit Store(fs::path folder);

  /// To read alone: makes nothing, and holds nothing where there is no store. Throws kInput if it is a file.
  static Store to_read(fs::path folder);

  /// $DORMOUSE_STORE, else ./store.
  static fs::path default_folder();

  const fs::path& folder() const { return folder_; }
  /// Whether there is a store in the folder.
  bool exists() const;
  fs::path ledger_file() const { return folder_ / "ledger.sqlite"; }

  /// Where the object is, or would be.
  fs::path object(const std::string& hash) const;

  /// The manifest, if there is an object with one that parses. Reads no other file: for plans.
  std::optional<Manifest> find(const std::string& hash) const;

  /// As find, with every file's checksum compared, once a process. A damaged object is moved to damaged/ with
  /// a warning, and then it is absent. Call it with the lock held.
  std::optional<Manifest> verified(const std::string& hash);

  /// Waits, with a message, while another process works on the hash. Throws kInterrupted.
  StoreLock lock(const std::string& hash) const;

  /// nullopt while another process works on the hash.
  std::optional<StoreLock> try_lock(const std::string& hash) const;

  /// A killed or failed run left work to resume.
  bool has_work(const std::string& hash) const;

  /// work/<hash>, with out/ and scratch/ made, and half-written temporary files of a killed process removed.
  fs::path begin(const std::string& hash);

  /// Turns work/<hash>/out into the object: sums, fsync, manifest, rename. Fills in `manifest.files`, in which files
  /// that were dropped stay. Takes the place of an object whose weights were dropped.
  void commit(const std::string& hash, Manifest& manifest);

  /// Removes the object's *.safetensors; their sums stay in the manifest. Call it with the lock held.
  void drop_weights(const std::string& hash);

 private:
  Store() = default;
  fs::path work(const std::string& hash) const;
  void set_aside(const std::string& hash, const std::string& reason);

  fs::path folder_;
  std::set<std::string> verified_;
};

}  // namespace dormouse::lab
