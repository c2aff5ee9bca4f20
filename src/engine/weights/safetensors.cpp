#include "engine/weights/safetensors.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "core/base/error.h"
#include "core/base/json.h"

namespace dormouse::weights {

namespace {

constexpr uint64_t kMaxHeader = 100'000'000;
constexpr std::size_t kHeaderAlignment = 8;
constexpr std::size_t kMaxRank = 16;

std::string_view header_of(std::span<const std::byte> bytes, const std::string& place) {
  uint64_t length = 0;
  if (bytes.size() < sizeof(length)) fail_input(place, "is too short for a safetensors file");
  std::memcpy(&length, bytes.data(), sizeof(length));
  const uint64_t left = bytes.size() - sizeof(length);
  if (length > std::min(kMaxHeader, left)) {
    fail_input(place, fmt::format("says its header has {} bytes; {} are left and {} allowed", length, left, kMaxHeader),
               "the file is damaged, cut short, or not a safetensors file");
  }
  const std::string_view header(reinterpret_cast<const char*>(bytes.data()) + sizeof(length), length);
  if (!header.starts_with('{')) fail_input(place, "is not a safetensors file (its header does not begin with `{`)");
  return header;
}

uint64_t natural(const Json& value, const std::string& place, const char* what) {
  if (!value.is_number_unsigned()) {
    fail_input(place, fmt::format("{}: expected a whole number, found {}", what, canonical_json(value)));
  }
  return value.get<uint64_t>();
}

struct Span {
  uint64_t begin = 0;
  uint64_t end = 0;
};

Span offsets_of(const Json& entry, uint64_t data_size, const std::string& place) {
  const Json& offsets = json_member(entry, "data_offsets", place);
  if (!offsets.is_array() || offsets.size() != 2) fail_input(place, "`data_offsets`: expected two numbers");
  const Span span{natural(offsets[0], place, "`data_offsets`"), natural(offsets[1], place, "`data_offsets`")};
  if (span.begin > span.end || span.end > data_size) {
    fail_input(
        place,
        fmt::format("`data_offsets`: [{}, {}] is not inside the {} bytes of data", span.begin, span.end, data_size),
        "the file is damaged or cut short; get it again");
  }
  return span;
}

// Fills shape and dtype, and checks that they take exactly `size` bytes.
void read_shape(const Json& entry, uint64_t size, NamedTensor& tensor, const std::string& place) {
  const std::string dtype = json_string(entry, "dtype", place);
  const auto known = dtype_from_name(dtype);
  if (!known) {
    fail_input(place,
               fmt::format("element type `{}` is not supported; supported: F64, F32, F16, BF16, I64, I32, I16, I8, "
                           "U8, BOOL",
                           dtype));
  }
  tensor.dtype = *known;
  const Json& shape = json_member(entry, "shape", place);
  if (!shape.is_array() || shape.size() > kMaxRank) {
    fail_input(place, fmt::format("`shape`: expected at most {} numbers", kMaxRank));
  }
  constexpr uint64_t kMost = std::numeric_limits<int64_t>::max();
  uint64_t product = size_of(tensor.dtype);
  for (const Json& item : shape) {
    const uint64_t dim = natural(item, place, "`shape`");
    if (dim > kMost || (dim != 0 && product > kMost / dim)) fail_input(place, "`shape`: too large");
    product *= dim;
    tensor.shape.push_back(static_cast<int64_t>(dim));
  }
  if (product != size) {
    fail_input(place, fmt::format("{} of shape {} takes {} bytes, but `data_offsets` spans {}", dtype,
                                  shape_text(tensor.shape), product, size));
  }
}

// Every byte of the data belongs to exactly one tensor.
void check_cover(std::vector<Span> spans, uint64_t data_size, const std::string& place) {
  std::sort(spans.begin(), spans.end(),
            [](const Span& a, const Span& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
  uint64_t at = 0;
  for (const Span& span : spans) {
    if (span.begin != at) {
      fail_input(place, fmt::format("tensors {} at byte {} of the data", span.begin < at ? "overlap" : "leave a hole",
                                    std::min(at, span.begin)));
    }
    at = span.end;
  }
  if (at != data_size) {
    fail_input(place, fmt::format("{} bytes at the end belong to no tensor", data_size - at));
  }
}

void read_metadata(const Json& json, std::map<std::string, std::string>& metadata, const std::string& place) {
  if (!json.is_object()) fail_input(place, "`__metadata__`: expected an object of strings");
  for (const auto& [key, value] : json.items()) {
    if (!value.is_string()) {
      fail_input(place, fmt::format("`__metadata__`: `{}`: expected a string, found {}", key, value.type_name()));
    }
    metadata.emplace(key, value.get<std::string>());
  }
}

using Item = std::pair<const std::string, NamedTensor>;

std::vector<const Item*> in_file_order(const std::map<std::string, NamedTensor>& tensors) {
  std::vector<const Item*> order;
  for (const Item& item : tensors) order.push_back(&item);
  std::stable_sort(order.begin(), order.end(),
                   [](const Item* a, const Item* b) { return size_of(a->second.dtype) > size_of(b->second.dtype); });
  return order;
}

std::string header_text(const std::vector<const Item*>& order, const std::map<std::string, std::string>& metadata) {
  Json header = Json::object();
  header["__metadata__"] = metadata;
  std::size_t at = 0;
  for (const Item* item : order) {
    const NamedTensor& tensor = item->second;
    std::size_t size = size_of(tensor.dtype);
    for (const int64_t dim : tensor.shape) size *= static_cast<std::size_t>(dim);
    DORMOUSE_ASSERT(size == tensor.bytes.size());
    header[item->first] = {
        {"dtype", name_of(tensor.dtype)}, {"shape", tensor.shape}, {"data_offsets", {at, at + size}}};
    at += size;
  }
  std::string text = canonical_json(header);
  text.resize((text.size() + kHeaderAlignment - 1) / kHeaderAlignment * kHeaderAlignment, ' ');
  return text;
}

void write_in_pieces(FileWriter& writer, std::span<const std::byte> bytes) {
  constexpr std::size_t kPiece = 1 << 20;  // FileWriter buffers what it is given
  for (std::size_t at = 0; at < bytes.size(); at += kPiece) {
    writer.write(bytes.subspan(at, std::min(kPiece, bytes.size() - at)));
  }
}

}  // namespace

Safetensors::Safetensors(std::span<const std::byte> bytes, const std::string& place) {
  const std::string_view text = header_of(bytes, place);
  const Json header = parse_json(text, place);
  const std::span<const std::byte> data = bytes.subspan(sizeof(uint64_t) + text.size());
  std::vector<Span> spans;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") {
      read_metadata(entry, metadata_, place);
      continue;
    }
    const std::string here = fmt::format("{}: tensor `{}`", place, name);
    const Span span = offsets_of(entry, data.size(), here);
    NamedTensor tensor;
    read_shape(entry, span.end - span.begin, tensor, here);
    tensor.bytes = data.subspan(span.begin, span.end - span.begin);
    spans.push_back(span);
    tensors_.emplace(name, std::move(tensor));
  }
  check_cover(std::move(spans), data.size(), place);
}

SafetensorsFiles::SafetensorsFiles(const std::vector<fs::path>& paths) {
  files_.reserve(paths.size());
  for (const fs::path& path : paths) {
    const MappedFile& file = files_.emplace_back(path);
    const Safetensors container(file.bytes(), path.string());
    for (const auto& [name, tensor] : container.tensors()) {
      const auto [at, is_new] = entries_.emplace(name, Entry{tensor, files_.size() - 1});
      if (is_new) continue;
      fail_input(path.string(), fmt::format("tensor `{}` is also in {}", name, file_of(name).filename().string()));
    }
  }
}

const SafetensorsFiles::Entry& SafetensorsFiles::entry(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found != entries_.end()) return found->second;
  fail_input(files_.empty() ? "" : files_.front().path().string(), fmt::format("has no tensor `{}`", name));
}

const NamedTensor& SafetensorsFiles::tensor(const std::string& name) const { return entry(name).tensor; }

const fs::path& SafetensorsFiles::file_of(const std::string& name) const { return files_[entry(name).file].path(); }

std::vector<TensorInfo> SafetensorsFiles::tensors() const {
  std::vector<TensorInfo> list;
  list.reserve(entries_.size());
  for (const auto& [name, entry] : entries_) {
    list.push_back({name, entry.tensor.shape, entry.tensor.dtype, name_of(entry.tensor.dtype)});
  }
  return list;
}

void SafetensorsFiles::read_f32(const std::string& name, std::span<float> out) const {
  const NamedTensor& stored = tensor(name);
  if (!is_floating(stored.dtype)) {
    fail_input(file_of(name).string(),
               fmt::format("tensor `{}` holds {}, expected floats", name, name_of(stored.dtype)));
  }
  to_f32(stored.dtype, stored.bytes, out);
}

void write_safetensors(const fs::path& path, const std::map<std::string, NamedTensor>& tensors,
                       std::map<std::string, std::string> metadata) {
  metadata.emplace("format", "pt");
  const std::vector<const Item*> order = in_file_order(tensors);
  const std::string header = header_text(order, metadata);
  const auto length = static_cast<uint64_t>(header.size());

  fs::path temporary = path;
  temporary += fmt::format(".tmp{}", ::getpid());
  std::error_code code;
  try {
    FileWriter writer(temporary);
    writer.write(std::string_view(reinterpret_cast<const char*>(&length), sizeof(length)));
    writer.write(header);
    for (const Item* item : order) write_in_pieces(writer, item->second.bytes);
    writer.finish();
  } catch (const Error&) {
    fs::remove(temporary, code);
    throw;
  }
  fs::rename(temporary, path, code);
  if (code) fail_work(path.string(), fmt::format("renaming into place failed: {}", code.message()));
  sync_folder(path.has_parent_path() ? path.parent_path() : fs::path("."));
}

}  // namespace dormouse::weights
