// A random model of six tokens in a folder of the hub's layout: small enough to be trained in a unit test.
#pragma once

#include "core/base/files.h"
#include "core/base/random.h"
#include "engine/weights/tiny_model.h"

namespace dormouse {

inline void write_random_model(const fs::path& folder) {
  const fs::path gguf = folder.string() + ".gguf";
  write_file(gguf, weights::tiny::gguf().build());
  auto values = weights::tiny::values();
  RandomStream random(1, "weights");
  for (auto& [name, list] : values) {
    const bool norm = name.find("norm") != std::string::npos;
    for (float& value : list) value = static_cast<float>(norm ? 1 : 0.5 * random.normal());
  }
  weights::save_model_folder(folder, weights::ModelFiles::open(gguf.string()), weights::tiny::tensors(values));
}

}  // namespace dormouse
