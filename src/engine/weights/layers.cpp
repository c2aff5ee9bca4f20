#include "engine/weights/layers.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"

namespace dormouse::weights {

namespace {

constexpr std::string_view kLayers = "model.layers.";

// "model.layers.3.mlp.up_proj.weight" -> the same of layer layers[3].
std::string source_name(const std::string& name, std::span<const int64_t> layers) {
  if (!name.starts_with(kLayers)) return name;
  const std::size_t dot = name.find('.', kLayers.size());
  const auto index = static_cast<std::size_t>(std::stoll(name.substr(kLayers.size(), dot - kLayers.size())));
  return fmt::format("{}{}{}", kLayers, layers[index], name.substr(dot));
}

bool is_stored_in_bf16(const TensorSource& source) {
  const auto tensors = source.tensors();
  return std::all_of(tensors.begin(), tensors.end(), [](const auto& tensor) { return tensor.stored == DType::kBF16; });
}

std::vector<std::byte> stored_bytes(std::span<const float> values, DType dtype) {
  if (dtype == DType::kF32) {
    const auto bytes = std::as_bytes(values);
    return {bytes.begin(), bytes.end()};
  }
  std::vector<uint16_t> halves(values.size());
  std::transform(values.begin(), values.end(), halves.begin(), bf16_from_f32);
  const auto bytes = std::as_bytes(std::span<const uint16_t>(halves));
  return {bytes.begin(), bytes.end()};
}

}  // namespace

std::vector<int64_t> evenly_spaced_layers(int64_t layers, int64_t kept) {
  DORMOUSE_ASSERT(2 <= kept && kept <= layers);
  std::vector<int64_t> indices;
  for (int64_t i = 0; i < kept; ++i)
    indices.push_back((2 * i * (layers - 1) + kept - 1) / (2 * (kept - 1)));  // rounded
  return indices;
}

void save_with_layers(const fs::path& folder, const ModelFiles& model, std::span<const int64_t> layers) {
  ModelConfig config = model.config();
  for (const int64_t layer : layers) DORMOUSE_ASSERT(0 <= layer && layer < config.num_layers);
  config.num_layers = static_cast<int64_t>(layers.size());
  const DType dtype = is_stored_in_bf16(model.tensors()) ? DType::kBF16 : DType::kF32;
  std::map<std::string, std::vector<std::byte>> storage;
  std::map<std::string, NamedTensor> tensors;
  for (const auto& [name, shape] : expected_tensors(config)) {
    std::vector<float> values(
        static_cast<std::size_t>(TensorInfo{.name = name, .shape = shape, .stored_name = {}}.elements()));
    model.tensors().read_f32(source_name(name, layers), values);
    storage[name] = stored_bytes(values, dtype);
    tensors[name] = {shape, dtype, storage[name]};
  }
  save_model_folder(folder, model, config, tensors);
}

}  // namespace dormouse::weights
