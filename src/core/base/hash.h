// SHA-256 of bytes and files (OpenSSL).
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace dormouse {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  void update(std::string_view bytes);
  /// 64 lower-case hex digits. The object is spent afterwards.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string sha256(std::string_view bytes);

/// Reads in blocks; throws kInput if the file cannot be read.
std::string sha256_file(const std::filesystem::path& path);

}  // namespace dormouse
