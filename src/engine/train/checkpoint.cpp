#include "engine/train/checkpoint.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "engine/nn/runtime.h"

namespace dormouse::train {

namespace {

fs::path slot_path(const fs::path& folder, int64_t slot) { return folder / fmt::format("state-{}.bin", slot); }

std::optional<Json> read_index(const fs::path& folder) {
  const fs::path path = folder / "state.json";
  if (!fs::exists(path)) return std::nullopt;
  return parse_json(read_file(path), path.string());
}

}  // namespace

void save_checkpoint(const fs::path& folder, const AdamW& optimizer, const CheckpointPosition& position) {
  make_folders(folder);
  const auto index = read_index(folder);
  const int64_t slot = index ? 1 - json_int(*index, "slot", "state.json") : 0;
  FileWriter writer(slot_path(folder, slot));
  for (const auto& [name, tensor] : optimizer.state()) {
    const nn::Tensor values = tensor.cpu();
    writer.write(std::as_bytes(std::span(values.const_data_ptr<float>(), static_cast<std::size_t>(values.numel()))));
  }
  writer.finish();
  const Json state{{"fingerprint", position.fingerprint},
                   {"step", position.step},
                   {"slot", slot},
                   {"threads", nn::threads()},
                   {"device", optimizer.device()}};
  write_file(folder / "state.json", canonical_json(state));
}

std::optional<CheckpointPosition> load_checkpoint(const fs::path& folder, AdamW& optimizer,
                                                  const std::string& fingerprint) {
  const auto index = read_index(folder);
  if (!index) return std::nullopt;
  const std::string place = (folder / "state.json").string();
  if (json_string(*index, "fingerprint", place) != fingerprint) {
    fail_input(place, "belongs to other rows, options or another seed", "remove the folder to start anew");
  }
  if (const int64_t threads = json_int(*index, "threads", place); threads != nn::threads()) {
    log_warning("training",
                fmt::format("{} was saved with {} threads, now there are {}: the run goes on, but not bit for bit",
                            place, threads, nn::threads()));
  }
  const MappedFile file(slot_path(folder, json_int(*index, "slot", place)));
  if (const std::string device = index->value("device", "cpu"); device != optimizer.device()) {
    log_warning("training",
                fmt::format("{} was saved on the device {}, now it is {}: the run goes on, but not bit for bit", place,
                            device, optimizer.device()));
  }
  std::size_t offset = 0;
  for (const auto& [name, tensor] : optimizer.state()) {
    const auto bytes = static_cast<std::size_t>(tensor.numel()) * sizeof(float);
    if (offset + bytes > file.bytes().size()) fail_input(file.path().string(), "is shorter than the model's state");
    // Only read, although from_blob wants memory that may be written.
    auto* values = const_cast<std::byte*>(file.bytes().data() + offset);
    tensor.copy_(at::from_blob(values, tensor.sizes(), at::kFloat));
    offset += bytes;
  }
  if (offset != file.bytes().size()) fail_input(file.path().string(), "is longer than the model's state");
  optimizer.restore_weights();
  return CheckpointPosition{fingerprint, json_int(*index, "step", place)};
}

}  // namespace dormouse::train
