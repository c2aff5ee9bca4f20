// Bytes as a safetensors file. Most random lengths are refused at once, so an input that begins with "{" is
// taken as a header and gets its true length; the data after it is as long as the header's last number says,
// within reason.
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "engine/weights/safetensors.h"
#include "engine/weights/tiny_model.h"

namespace {

using namespace dormouse::weights;

std::string file_of_header(const std::string& header) {
  std::size_t last = 0, number = 0;
  for (const char c : header) {
    const bool is_digit = c >= '0' && c <= '9';
    number = is_digit ? std::min<std::size_t>(number * 10 + static_cast<std::size_t>(c - '0'), 4096) : 0;
    if (is_digit) last = number;
  }
  std::string file;
  tiny::put<uint64_t>(file, header.size());
  return file + header + std::string(last, '\1');
}

void read_everything(const std::string& file) {
  const Safetensors container(tiny::bytes_of(file), "fuzz");
  for (const auto& [name, tensor] : container.tensors()) {
    if (!is_floating(tensor.dtype)) continue;
    std::vector<float> values(tensor.bytes.size() / size_of(tensor.dtype));
    to_f32(tensor.dtype, tensor.bytes, values);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  try {
    read_everything(input.starts_with('{') ? file_of_header(input) : input);
  } catch (const dormouse::Error&) {
  }
  return 0;
}
