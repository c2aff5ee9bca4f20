#include "engine/weights/gguf.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <set>
#include <utility>

#include "core/base/error.h"

namespace dormouse::weights {

namespace {

constexpr uint32_t kMagic = 0x46554747;  // "GGUF"
constexpr uint64_t kMaxAlignment = 1 << 20;
constexpr uint32_t kMaxDims = 4;
constexpr uint64_t kMaxDim = uint64_t{1} << 40;  // also keeps a product of two below 2^63 twice over

enum ValueType : uint32_t { kU8, kI8, kU16, kI16, kU32, kI32, kF32, kBool, kString, kArray, kU64, kI64, kF64 };

// Reads front to back; never past the end.
class Cursor {
 public:
  Cursor(std::span<const std::byte> bytes, const std::string& place) : bytes_(bytes), place_(place) {}

  std::size_t at() const { return at_; }
  std::size_t left() const { return bytes_.size() - at_; }

  template <class T>
  T take() {
    need(sizeof(T));
    T value;
    std::memcpy(&value, bytes_.data() + at_, sizeof(T));
    at_ += sizeof(T);
    return value;
  }

  std::string take_string() {
    const auto length = take<uint64_t>();
    need(length);
    std::string text(reinterpret_cast<const char*>(bytes_.data()) + at_, length);
    at_ += length;
    return text;
  }

  /// A count of things of at least `size` bytes each.
  uint64_t take_count(const char* what, std::size_t size) {
    const auto count = take<uint64_t>();
    if (count > left() / size) {
      fail_input(place_, fmt::format("says it has {} {}, more than its {} bytes can hold", count, what, bytes_.size()),
                 "the file is damaged or cut short; get it again");
    }
    return count;
  }

 private:
  std::span<const std::byte> bytes_;
  const std::string& place_;
  std::size_t at_ = 0;

  void need(uint64_t count) const {
    if (count <= left()) return;
    fail_input(place_, fmt::format("needs {} bytes at byte {}, but only {} are left", count, at_, left()),
               "the file is damaged or cut short; get it again");
  }
};

std::size_t least_size(uint32_t type) {
  static constexpr std::size_t kSizes[] = {1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8};
  return kSizes[type];
}

void check_value_type(uint32_t type, const std::string& place) {
  if (type > kF64) fail_input(place, fmt::format("unknown metadata type {}", type));
}

int64_t take_integer(Cursor& cursor, uint32_t type, const std::string& place) {
  switch (type) {
    case kU8:
    case kBool:
      return cursor.take<uint8_t>();
    case kI8:
      return cursor.take<int8_t>();
    case kU16:
      return cursor.take<uint16_t>();
    case kI16:
      return cursor.take<int16_t>();
    case kU32:
      return cursor.take<uint32_t>();
    case kI32:
      return cursor.take<int32_t>();
    case kI64:
      return cursor.take<int64_t>();
    default:
      break;
  }
  const auto value = cursor.take<uint64_t>();
  if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    fail_input(place, fmt::format("{} does not fit in 63 bits", value));
  }
  return static_cast<int64_t>(value);
}

double take_double(Cursor& cursor, uint32_t type) {
  return type == kF32 ? static_cast<double>(cursor.take<float>()) : cursor.take<double>();
}

template <class T, class Take>
std::vector<T> take_many(uint64_t count, Take take) {
  std::vector<T> values;
  values.reserve(count);
  for (uint64_t i = 0; i < count; ++i) values.push_back(take());
  return values;
}

GgufValue take_array(Cursor& cursor, const std::string& place) {
  const auto type = cursor.take<uint32_t>();
  check_value_type(type, place);
  if (type == kArray) fail_input(place, "arrays of arrays are not supported");
  const uint64_t count = cursor.take_count("array items", least_size(type));
  if (type == kString) return take_many<std::string>(count, [&] { return cursor.take_string(); });
  if (type == kF32 || type == kF64) return take_many<double>(count, [&] { return take_double(cursor, type); });
  return take_many<int64_t>(count, [&] { return take_integer(cursor, type, place); });
}

GgufValue take_value(Cursor& cursor, const std::string& place) {
  const auto type = cursor.take<uint32_t>();
  check_value_type(type, place);
  if (type == kArray) return take_array(cursor, place);
  if (type == kString) return cursor.take_string();
  if (type == kF32 || type == kF64) return take_double(cursor, type);
  if (type == kBool) return cursor.take<uint8_t>() != 0;
  return take_integer(cursor, type, place);
}

struct Counts {
  uint64_t tensors;
  uint64_t pairs;
};

Counts take_head(Cursor& cursor, const std::string& place) {
  if (cursor.left() < 4 || cursor.take<uint32_t>() != kMagic) {
    fail_input(place, "is not a GGUF file (it does not begin with GGUF)");
  }
  const auto version = cursor.take<uint32_t>();
  if (version >= (1u << 16)) fail_input(place, "is a big-endian GGUF, which is not supported");
  if (version != 2 && version != 3) {
    fail_input(place, fmt::format("is GGUF version {}; versions 2 and 3 are supported", version), "convert it again");
  }
  Counts counts;
  counts.tensors = cursor.take_count("tensors", 8 + 4 + 8 + 4 + 8);
  counts.pairs = cursor.take_count("metadata pairs", 8 + 4 + 1);
  return counts;
}

struct Entry {
  GgufTensor tensor;
  uint64_t offset = 0;
  uint64_t size = 0;
};

// Shape and size in bytes, refusing what overflows or does not fill whole blocks.
void take_shape(Cursor& cursor, Entry& entry, const std::string& place) {
  const auto dims = cursor.take<uint32_t>();
  if (dims < 1 || dims > kMaxDims)
    fail_input(place, fmt::format("has {} dimensions, expected 1 to {}", dims, kMaxDims));
  uint64_t elements = 1;
  for (uint32_t i = 0; i < dims; ++i) {
    const auto dim = cursor.take<uint64_t>();
    if (dim == 0 || dim > kMaxDim || elements > kMaxDim / dim) {
      fail_input(place, fmt::format("dimension {} of {} makes it empty or too large", i, dim));
    }
    elements *= dim;
    entry.tensor.shape.insert(entry.tensor.shape.begin(), static_cast<int64_t>(dim));
  }
  const BlockType& type = block_type(cursor.take<uint32_t>(), place);
  if (entry.tensor.shape.back() % static_cast<int64_t>(type.elements) != 0) {
    fail_input(place, fmt::format("rows of {} elements do not divide into {} blocks of {}", entry.tensor.shape.back(),
                                  type.name, type.elements));
  }
  entry.tensor.type = &type;
  entry.size = elements / type.elements * type.bytes;
  entry.offset = cursor.take<uint64_t>();
}

std::vector<Entry> take_table(Cursor& cursor, uint64_t count, const std::string& place) {
  std::vector<Entry> entries;
  entries.reserve(count);
  std::set<std::string> names;
  for (uint64_t i = 0; i < count; ++i) {
    Entry entry;
    entry.tensor.name = cursor.take_string();
    if (!names.insert(entry.tensor.name).second) {
      fail_input(place, fmt::format("has two tensors called `{}`", entry.tensor.name));
    }
    take_shape(cursor, entry, fmt::format("{}: tensor `{}`", place, entry.tensor.name));
    entries.push_back(std::move(entry));
  }
  return entries;
}

// Points every tensor at its bytes. `data` is what follows the table.
void place_tensors(std::vector<Entry>& entries, std::span<const std::byte> data, uint64_t alignment,
                   const std::string& place) {
  for (Entry& entry : entries) {
    const std::string& name = entry.tensor.name;
    if (entry.offset % alignment != 0) {
      fail_input(place, fmt::format("tensor `{}` is not aligned to {} bytes", name, alignment));
    }
    if (entry.offset > data.size() || entry.size > data.size() - entry.offset) {
      fail_input(place, fmt::format("tensor `{}` reaches past the end of the file", name),
                 "the file is damaged or cut short; get it again");
    }
    entry.tensor.bytes = data.subspan(entry.offset, entry.size);
  }
  std::vector<const Entry*> order;
  order.reserve(entries.size());
  for (const Entry& entry : entries) order.push_back(&entry);
  std::sort(order.begin(), order.end(), [](const Entry* a, const Entry* b) { return a->offset < b->offset; });
  for (std::size_t i = 1; i < order.size(); ++i) {
    if (order[i]->offset < order[i - 1]->offset + order[i - 1]->size) {
      fail_input(place, fmt::format("tensors `{}` and `{}` overlap", order[i - 1]->tensor.name, order[i]->tensor.name));
    }
  }
}

const char* type_name(const GgufValue& value) {
  static constexpr const char* kNames[] = {"a boolean",          "an integer",        "a number",         "a string",
                                           "a list of integers", "a list of numbers", "a list of strings"};
  return kNames[value.index()];
}

}  // namespace

int64_t GgufTensor::elements() const {
  int64_t product = 1;
  for (const int64_t dim : shape) product *= dim;
  return product;
}

Gguf::Gguf(std::span<const std::byte> bytes, std::string place) : place_(std::move(place)) {
  Cursor cursor(bytes, place_);
  const Counts counts = take_head(cursor, place_);
  for (uint64_t i = 0; i < counts.pairs; ++i) {
    std::string key = cursor.take_string();
    GgufValue value = take_value(cursor, fmt::format("{}: `{}`", place_, key));
    const auto [at, is_new] = metadata_.emplace(std::move(key), std::move(value));
    if (!is_new) fail_input(place_, fmt::format("has the key `{}` twice", at->first));
  }
  std::vector<Entry> entries = take_table(cursor, counts.tensors, place_);

  const int64_t alignment = integer("general.alignment", 32);
  if (alignment < 1 || static_cast<uint64_t>(alignment) > kMaxAlignment || (alignment & (alignment - 1)) != 0) {
    fail_input(place_, fmt::format("`general.alignment`: expected a power of two, found {}", alignment));
  }
  const auto step = static_cast<uint64_t>(alignment);
  const uint64_t start = std::min<uint64_t>((cursor.at() + step - 1) / step * step, bytes.size());
  place_tensors(entries, bytes.subspan(start), step, place_);
  tensors_.reserve(entries.size());
  for (Entry& entry : entries) tensors_.push_back(std::move(entry.tensor));
}

template <class T>
const T* Gguf::find(const std::string& key) const {
  const auto found = metadata_.find(key);
  if (found == metadata_.end()) return nullptr;
  const T* value = std::get_if<T>(&found->second);
  if (value == nullptr) {
    fail_input(place_,
               fmt::format("`{}`: expected {}, found {}", key, type_name(GgufValue(T())), type_name(found->second)));
  }
  return value;
}

template const bool* Gguf::find(const std::string&) const;
template const int64_t* Gguf::find(const std::string&) const;
template const double* Gguf::find(const std::string&) const;
template const std::string* Gguf::find(const std::string&) const;
template const std::vector<int64_t>* Gguf::find(const std::string&) const;
template const std::vector<double>* Gguf::find(const std::string&) const;
template const std::vector<std::string>* Gguf::find(const std::string&) const;

int64_t Gguf::integer(const std::string& key, int64_t fallback) const {
  const auto* value = find<int64_t>(key);
  return value != nullptr ? *value : fallback;
}

double Gguf::number(const std::string& key, double fallback) const {
  const auto* value = find<double>(key);
  return value != nullptr ? *value : fallback;
}

bool Gguf::boolean(const std::string& key, bool fallback) const {
  const auto* value = find<bool>(key);
  return value != nullptr ? *value : fallback;
}

std::string Gguf::string(const std::string& key, const std::string& fallback) const {
  const auto* value = find<std::string>(key);
  return value != nullptr ? *value : fallback;
}

void Gguf::require(const std::string& key) const {
  if (!metadata_.contains(key)) fail_input(place_, fmt::format("missing metadata key `{}`", key));
}

int64_t Gguf::integer(const std::string& key) const {
  require(key);
  return integer(key, 0);
}

double Gguf::number(const std::string& key) const {
  require(key);
  return number(key, 0);
}

std::string Gguf::string(const std::string& key) const {
  require(key);
  return string(key, std::string());
}

}  // namespace dormouse::weights
