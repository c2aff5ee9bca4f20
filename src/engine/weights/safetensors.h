// safetensors files.
//
//   u64 length of the header (little-endian) | header: a JSON object, padded with spaces | data
//   header: {"__metadata__": {string: string}, NAME: {"dtype": "F32", "shape": [2, 3], "data_offsets":
//   [begin, end]}, ...}
//
// Offsets count from the beginning of the data, which the tensors cover without holes or overlaps. Empty and
// 0-rank tensors are legal. The bytes are hostile when read.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/files.h"
#include "engine/weights/tensor_source.h"

namespace dormouse::weights {

struct NamedTensor {
  std::vector<int64_t> shape;
  DType dtype = DType::kF32;
  std::span<const std::byte> bytes;  // row by row, little-endian, of any alignment
};

/// One container. `bytes` must outlive it; `place` names the file in errors. Throws kInput on anything
/// malformed.
class Safetensors {
 public:
  Safetensors(std::span<const std::byte> bytes, const std::string& place);

  const std::map<std::string, NamedTensor>& tensors() const { return tensors_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

 private:
  std::map<std::string, NamedTensor> tensors_;
  std::map<std::string, std::string> metadata_;
};

/// The tensors of one mapped file, or of all shards of a model.
class SafetensorsFiles final : public TensorSource {
 public:
  /// Throws kInput if a file is malformed or two of them hold a tensor of the same name.
  explicit SafetensorsFiles(const std::vector<fs::path>& paths);

  std::vector<TensorInfo> tensors() const override;
  void read_f32(const std::string& name, std::span<float> out) const override;

  /// The stored bytes; they stay valid as long as this object. Throws kInput for a name that is not there.
  const NamedTensor& tensor(const std::string& name) const;
  /// The file that holds a tensor.
  const fs::path& file_of(const std::string& name) const;

 private:
  struct Entry {
    NamedTensor tensor;
    std::size_t file = 0;
  };
  std::vector<MappedFile> files_;
  std::map<std::string, Entry> entries_;

  const Entry& entry(const std::string& name) const;
};

/// Writes a complete file or none (temporary neighbour, fsync, rename). The same tensors give the same bytes:
/// larger element types first, so that all stay aligned, then by name. {"format": "pt"} is added to the
/// metadata: the hub's loader asks for it.
void write_safetensors(const fs::path& path, const std::map<std::string, NamedTensor>& tensors,
                       std::map<std::string, std::string> metadata = {});

}  // namespace dormouse::weights
