// Files: whole reads, memory maps, writes that are either complete or absent.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dormouse {

namespace fs = std::filesystem;

/// The whole file; of one that ends in .gz, what is packed in it. Throws kInput if it cannot be read or is larger than
/// `max_bytes`.
std::string read_file(const fs::path& path, std::size_t max_bytes = std::size_t{1} << 32);

/// What is packed in the file with gzip, whatever its name; of a file that is not packed, its bytes. The same errors.
std::string read_packed(const fs::path& path, std::size_t max_bytes);

/// Lines without their line ends; a last line without one counts.
std::vector<std::string> split_lines(std::string_view text);
std::vector<std::string> read_lines(const fs::path& path, std::size_t max_bytes = std::size_t{1} << 32);

/// Writes a temporary neighbour, fsyncs, renames. Throws kWork (with the system's reason) on a full disk, naming
/// `path`.
void write_file(const fs::path& path, std::string_view bytes);

/// As write_file, packed with gzip; the same bytes give the same file.
void write_gzip(const fs::path& path, std::string_view bytes);

/// fsyncs a folder, so that renames inside it survive a power cut.
void sync_folder(const fs::path& folder);

/// fsyncs every file below `folder`, and the folders.
void sync_tree(const fs::path& folder);

/// mkdir -p. Throws kWork with the system's reason.
void make_folders(const fs::path& folder);

/// Read-only map of a file. Movable; the bytes stay valid as long as the object lives.
class MappedFile {
 public:
  explicit MappedFile(const fs::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&&) = delete;

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Appends to one file, checking every write; for safetensors and JSON lines. `finish` fsyncs and closes.
class FileWriter {
 public:
  /// Errors name `shown` instead, if it is given.
  explicit FileWriter(const fs::path& path, bool append = false, const fs::path& shown = {});
  ~FileWriter();
  FileWriter(const FileWriter&) = delete;
  void write(std::string_view bytes);
  void write(std::span<const std::byte> bytes);
  void flush();
  void finish();

 private:
  fs::path path_;
  int descriptor_ = -1;
  std::string buffer_;
  void drain();
};

}  // namespace dormouse
