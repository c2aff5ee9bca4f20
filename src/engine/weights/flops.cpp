#include "engine/weights/flops.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>

namespace dormouse::weights {

namespace {

double layer_weights(const ModelConfig& config) {
  const int64_t hidden = config.hidden_size, size = config.head_dim;
  const int64_t attention =
      hidden * (config.num_heads + 2 * config.num_kv_heads) * size + hidden * config.num_heads * size;
  return static_cast<double>(config.num_layers *
                             (attention + (config.gated_mlp ? 3 : 2) * hidden * config.intermediate_size));
}

double head_weights(const ModelConfig& config) { return static_cast<double>(config.vocab_size * config.hidden_size); }

struct Peak {
  std::vector<std::string> words;  // all of them in the GPU's name; the first entry that fits counts
  double teraflops;
};

// NVIDIA's data sheets, which state most with sparsity: half of that is dense.
const std::vector<Peak>& peaks() {
  static const std::vector<Peak> kPeaks{
      {{"H100", "PCIe"}, 756.5},  // H100 data sheet: 1,513
      {{"H100", "NVL"}, 835.5},   // 1,671
      {{"H100"}, 989.5},          // SXM: 1,979
      {{"H200", "NVL"}, 835.5},   // H200 data sheet: 1,671
      {{"H200"}, 989.5},          // SXM: 1,979
      {{"GH200"}, 989.5},         // GH200 data sheet: 1,979
      {{"A100"}, 312},            // A100 data sheet
      {{"L40S"}, 362},            // L40S data sheet: 733 with sparsity, 362.05 without
      {{"L4"}, 121},              // L4 data sheet: 242
      {{"RTX", "4090"}, 165.2},   // Ada architecture white paper, appendix A, bf16 with fp32 sums
      {{"RTX", "3090"}, 71},      // GA102 architecture white paper, table 9
  };
  return kPeaks;
}

}  // namespace

double training_flop(const ModelConfig& config, int64_t tokens, int64_t targets) {
  return 6 *
         (layer_weights(config) * static_cast<double>(tokens) + head_weights(config) * static_cast<double>(targets));
}

double sampling_flop(const ModelConfig& config, int64_t fed, int64_t sampled) {
  return 2 * (layer_weights(config) * static_cast<double>(fed) + head_weights(config) * static_cast<double>(sampled));
}

double peak_bf16_flops(const std::string& gpu) {
  std::string spaced = gpu;
  std::replace(spaced.begin(), spaced.end(), '-', ' ');  // "NVIDIA A100-SXM4-80GB"
  std::istringstream stream(spaced);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  for (const auto& peak : peaks()) {
    const bool fits = std::all_of(peak.words.begin(), peak.words.end(), [&](const std::string& word) {
      return std::find(words.begin(), words.end(), word) != words.end();
    });
    if (fits) return peak.teraflops * 1e12;
  }
  return 0;
}

std::vector<std::string> known_gpus() {
  std::vector<std::string> names;
  for (const auto& peak : peaks()) names.push_back(fmt::format("{}", fmt::join(peak.words, " ")));
  return names;
}

}  // namespace dormouse::weights
