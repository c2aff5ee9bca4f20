// GGUF containers: metadata and a table of tensors over a mapped file. All integers are little-endian.
//
//   "GGUF" | u32 version (2, 3) | u64 tensors | u64 pairs
//   pairs x:    string key | u32 type | value        string = u64 length, bytes; array = u32 type, u64 count,
//   values tensors x:  string name | u32 dims | u64 x dims, fastest first | u32 type | u64 offset into the
//   data padding to `general.alignment` (32) | data
//
// The bytes are hostile: every length is checked against the bytes that are left before anything is
// allocated. What the metadata mean for a model is in gguf_model.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "engine/weights/quant.h"

namespace dormouse::weights {

/// Integers of all widths are int64_t (an unsigned one that does not fit is refused), both floats are double,
/// arrays of booleans are arrays of integers.
using GgufValue = std::variant<bool, int64_t, double, std::string, std::vector<int64_t>, std::vector<double>,
                               std::vector<std::string>>;

struct GgufTensor {
  std::string name;            // the file's own: "blk.0.attn_q.weight"
  std::vector<int64_t> shape;  // torch's order: the reverse of the file's
  const BlockType* type = nullptr;
  std::span<const std::byte> bytes;

  int64_t elements() const;
};

class Gguf {
 public:
  /// `bytes` must outlive the object; `place` names the file in errors. Throws kInput on anything malformed:
  /// cut short, duplicate keys or tensors, tensors that overlap, are misaligned or reach past the end,
  /// unknown types.
  Gguf(std::span<const std::byte> bytes, std::string place);

  const std::map<std::string, GgufValue>& metadata() const { return metadata_; }
  const std::vector<GgufTensor>& tensors() const { return tensors_; }
  const std::string& place() const { return place_; }

  /// nullptr if the key is absent. Throws kInput, naming key, expected and found type, on another type.
  template <class T>
  const T* find(const std::string& key) const;

  /// The value, or `fallback` if the key is absent; the same errors.
  int64_t integer(const std::string& key, int64_t fallback) const;
  double number(const std::string& key, double fallback) const;
  bool boolean(const std::string& key, bool fallback) const;
  std::string string(const std::string& key, const std::string& fallback) const;

  /// As above, but absence is an error.
  int64_t integer(const std::string& key) const;
  double number(const std::string& key) const;
  std::string string(const std::string& key) const;

 private:
  std::string place_;
  std::map<std::string, GgufValue> metadata_;
  std::vector<GgufTensor> tensors_;

  void require(const std::string& key) const;
};

}  // namespace dormouse::weights
