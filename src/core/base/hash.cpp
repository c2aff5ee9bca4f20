#include "core/base/hash.h"

#include <openssl/evp.h>

#include <array>
#include <fstream>

#include "core/base/error.h"

namespace dormouse {

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  DORMOUSE_ASSERT(state_->context != nullptr);
  DORMOUSE_ASSERT(EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) == 1);
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;

void Sha256::update(std::string_view bytes) {
  DORMOUSE_ASSERT(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

std::string Sha256::hex() {
  std::array<unsigned char, 32> digest{};
  DORMOUSE_ASSERT(EVP_DigestFinal_ex(state_->context, digest.data(), nullptr) == 1);
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string sha256(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.hex();
}

std::string sha256_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) fail_input(path.string(), "cannot be read", "check that the file exists and is readable");
  Sha256 hash;
  std::string block(1 << 20, '\0');
  while (file.read(block.data(), static_cast<std::streamsize>(block.size())) || file.gcount() > 0) {
    hash.update(std::string_view(block.data(), static_cast<std::size_t>(file.gcount())));
  }
  if (file.bad()) fail_work(path.string(), "reading failed part-way");
  return hash.hex();
}

}  // namespace dormouse
