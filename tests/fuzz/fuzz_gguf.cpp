// Bytes as a GGUF file: the container, the model in it, and every tensor's values. To reach behind the first
// checks, an input that begins with "P" is a patch of a small valid model: two bytes of position and one of
// value, repeated.
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "engine/weights/gguf_model.h"
#include "engine/weights/tiny_model.h"

namespace {

using namespace dormouse::weights;

std::string patched_model(const uint8_t* data, std::size_t size) {
  static const std::string kModel = tiny::gguf().build();
  std::string file = kModel;
  for (std::size_t i = 0; i + 2 < size; i += 3) {
    const std::size_t at = data[i] | static_cast<std::size_t>(data[i + 1]) << 8;
    file[at % file.size()] = static_cast<char>(data[i + 2]);
  }
  return file;
}

void read_everything(const std::string& file) {
  const GgufModel model = parse_gguf(tiny::bytes_of(file), "fuzz");
  for (const TensorInfo& tensor : model.tensors->tensors()) {
    std::vector<float> values(static_cast<std::size_t>(tensor.elements()));
    model.tensors->read_f32(tensor.name, values);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const bool is_patch = size > 0 && data[0] == 'P';
  const std::string file =
      is_patch ? patched_model(data + 1, size - 1) : std::string(reinterpret_cast<const char*>(data), size);
  try {
    read_everything(file);
  } catch (const dormouse::Error&) {
  }
  return 0;
}
