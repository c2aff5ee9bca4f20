#include "core/base/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <utility>

#include "core/base/error.h"

namespace dormouse {

namespace {

constexpr const char* kGetAgain = "get the file again";

[[noreturn]] void fail_system(const fs::path& path, std::string_view action) {
  const int code = errno;
  const char* next = code == ENOSPC || code == EDQUOT ? "free some disk space and run the same command again" : "";
  fail_work(path.string(), fmt::format("{} failed: {}", action, std::strerror(code)), next);
}

void sync_path(const fs::path& path, int flags) {
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC);
  if (descriptor < 0) fail_system(path, "opening");
  const int result = ::fsync(descriptor);
  ::close(descriptor);
  if (result != 0) fail_system(path, "fsync");
}

void refuse_folder(const fs::path& path) {
  std::error_code code;
  if (fs::is_directory(path, code)) fail_input(path.string(), "is a folder, expected a file");
}

[[noreturn]] void fail_reading(const fs::path& path) {
  fail_input(path.string(), fmt::format("cannot be read: {}", std::strerror(errno)),
             "check the path and its permissions");
}

}  // namespace

// A small file may hold a large one: what comes out is bounded.
std::string read_packed(const fs::path& path, std::size_t max_bytes) {
  refuse_folder(path);
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(::gzopen(path.c_str(), "rb"), ::gzclose);
  if (file == nullptr) fail_reading(path);
  std::string text, block(1 << 16, '\0');
  for (int count; (count = ::gzread(file.get(), block.data(), static_cast<unsigned>(block.size()))) != 0;) {
    int code = 0;
    if (count < 0)
      fail_input(path.string(), fmt::format("is a damaged gzip file: {}", ::gzerror(file.get(), &code)), kGetAgain);
    text.append(block, 0, static_cast<std::size_t>(count));
    if (text.size() > max_bytes) fail_input(path.string(), fmt::format("unpacks to more than {} bytes", max_bytes));
  }
  // A truncated file ends early without an error of its own.
  int code = 0;
  ::gzerror(file.get(), &code);
  if (code != Z_OK && code != Z_STREAM_END)
    fail_input(path.string(), "ends in the middle: a truncated gzip file", kGetAgain);
  return text;
}

std::string read_file(const fs::path& path, std::size_t max_bytes) {
  if (path.extension() == ".gz") return read_packed(path, max_bytes);
  refuse_folder(path);
  std::ifstream file(path, std::ios::binary);
  if (!file) fail_reading(path);
  std::error_code code;
  const auto size = fs::file_size(path, code);
  if (!code && size > max_bytes) {
    fail_input(path.string(), fmt::format("has {} bytes, at most {} are read", size, max_bytes));
  }
  std::string text;
  if (!code) text.reserve(size);
  std::string block(1 << 16, '\0');
  while (file.read(block.data(), static_cast<std::streamsize>(block.size())) || file.gcount() > 0) {
    text.append(block, 0, static_cast<std::size_t>(file.gcount()));
    if (text.size() > max_bytes) fail_input(path.string(), fmt::format("has more than {} bytes", max_bytes));
  }
  if (file.bad()) fail_work(path.string(), "reading failed part-way");
  return text;
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  std::size_t start = 0;
  while (start < text.size()) {
    std::size_t end = text.find('\n', start);
    if (end == std::string::npos) end = text.size();
    std::size_t length = end - start;
    if (length > 0 && text[end - 1] == '\r') --length;
    lines.emplace_back(text.substr(start, length));
    start = end + 1;
  }
  return lines;
}

std::vector<std::string> read_lines(const fs::path& path, std::size_t max_bytes) {
  return split_lines(read_file(path, max_bytes));
}

void write_file(const fs::path& path, std::string_view bytes) {
  fs::path temporary = path;
  temporary += fmt::format(".tmp{}", ::getpid());
  {
    FileWriter writer(temporary, /*append=*/false, path);
    writer.write(bytes);
    writer.finish();
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) fail_system(path, "renaming into place");
  sync_folder(path.has_parent_path() ? path.parent_path() : fs::path("."));
}

void write_gzip(const fs::path& path, std::string_view bytes) {
  constexpr int kGzip = 15 + 16;  // the largest window, and gzip's header, in which zlib writes no time
  z_stream stream = {};
  if (::deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzip, 9, Z_DEFAULT_STRATEGY) != Z_OK)
    fail_work(path.string(), "packing with gzip could not begin");
  std::string packed(::deflateBound(&stream, bytes.size()), '\0');
  DORMOUSE_ASSERT(packed.size() < std::size_t{1} << 32);  // zlib counts in 32 bits
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int result = ::deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  ::deflateEnd(&stream);
  DORMOUSE_ASSERT(result == Z_STREAM_END);
  write_file(path, packed);
}

void sync_folder(const fs::path& folder) { sync_path(folder, O_RDONLY | O_DIRECTORY); }

void sync_tree(const fs::path& folder) {
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) sync_path(entry.path(), O_RDONLY);
    if (entry.is_directory()) sync_folder(entry.path());
  }
  sync_folder(folder);
}

void make_folders(const fs::path& folder) {
  std::error_code code;
  fs::create_directories(folder, code);
  if (code) fail_work(folder.string(), fmt::format("cannot create the folder: {}", code.message()));
}

MappedFile::MappedFile(const fs::path& path) : path_(path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    fail_input(path.string(), fmt::format("cannot be opened: {}", std::strerror(errno)), "check the path");
  }
  struct stat status {};
  if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor);
    fail_input(path.string(), "is not a regular file");
  }
  size_ = static_cast<std::size_t>(status.st_size);
  if (size_ > 0) {
    void* address = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (address == MAP_FAILED) {
      ::close(descriptor);
      fail_system(path, "mapping");
    }
    data_ = static_cast<const std::byte*>(address);
  }
  ::close(descriptor);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)), data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

FileWriter::FileWriter(const fs::path& path, bool append, const fs::path& shown) : path_(shown.empty() ? path : shown) {
  descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | (append ? O_APPEND : O_TRUNC), 0644);
  if (descriptor_ < 0) fail_system(path_, "opening for writing");
}

FileWriter::~FileWriter() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void FileWriter::write(std::string_view bytes) {
  buffer_ += bytes;
  if (buffer_.size() >= (1 << 20)) drain();
}

void FileWriter::write(std::span<const std::byte> bytes) {
  write(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

void FileWriter::drain() {
  std::size_t done = 0;
  while (done < buffer_.size()) {
    const ssize_t count = ::write(descriptor_, buffer_.data() + done, buffer_.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_system(path_, "writing");
    done += static_cast<std::size_t>(count);
  }
  buffer_.clear();
}

void FileWriter::flush() { drain(); }

void FileWriter::finish() {
  drain();
  if (::fsync(descriptor_) != 0) fail_system(path_, "fsync");
  const int descriptor = std::exchange(descriptor_, -1);
  if (::close(descriptor) != 0) fail_system(path_, "closing");
}

}  // namespace dormouse
