#include "engine/weights/memory.h"

#include <algorithm>

#include "engine/weights/tensor_source.h"

namespace dormouse::weights {

namespace {

constexpr int64_t kFloat = 4, kBf16 = 2;
constexpr int64_t kMebi = int64_t{1} << 20;
constexpr int64_t kLossChunk = 256;      // targets whose logits exist at once (train/loss.cpp)
constexpr int64_t kPrefillTokens = 512;  // sample::GeneratorOptions

// Libraries, the tokenizer, and the mapped file of weights, most often in bf16.
int64_t process_bytes(const ModelConfig& config) { return 120 * kMebi + kBf16 * parameter_count(config); }

int64_t kv_width(const ModelConfig& config) { return config.num_kv_heads * config.head_dim; }
int64_t q_width(const ModelConfig& config) { return config.num_heads * config.head_dim; }

// What one layer keeps of a token for its backward pass: both norms' inputs and outputs; queries, keys, values and what
// attention made of them; the gate's inputs and output.
int64_t kept_for_backward(const ModelConfig& config) {
  return 4 * config.hidden_size + 2 * q_width(config) + 2 * kv_width(config) + 3 * config.intermediate_size;
}

int64_t adapter_parameters(const ModelConfig& config, int64_t rank) {
  const int64_t sides = (config.hidden_size + q_width(config)) * 2     // q, o
                        + (config.hidden_size + kv_width(config)) * 2  // k, v
                        + (config.hidden_size + config.intermediate_size) * 3;
  return rank * sides * config.num_layers;
}

}  // namespace

int64_t parameter_count(const ModelConfig& config) {
  int64_t count = 0;
  for (const auto& tensor : expected_tensors(config)) {
    int64_t elements = 1;
    for (const int64_t dim : tensor.shape) elements *= dim;
    count += elements;
  }
  return count;
}

int64_t training_bytes(const ModelConfig& config, const TrainingWork& work) {
  const int64_t element = work.bf16 ? kBf16 : kFloat, all = parameter_count(config);
  const int64_t trained = work.adapter_rank > 0 ? adapter_parameters(config, work.adapter_rank) : all;
  const int64_t weights = element * (all + (work.adapter_rank > 0 ? trained : 0));
  const int64_t gradients = element * trained, moments = 2 * kFloat * trained,
                masters = work.bf16 ? kFloat * trained : 0;
  const int64_t activations = work.pass_tokens * config.num_layers * kept_for_backward(config) * element;
  const int64_t logits = 2 * kLossChunk * config.vocab_size * kFloat;
  return process_bytes(config) + weights + gradients + moments + masters + activations + logits;
}

int64_t sampling_bytes(const ModelConfig& config, const SamplingWork& work) {
  // Packed, each matrix on huge pages of 2 MiB; the tensor of the embedding was there while it was packed.
  const int64_t weights =
      kFloat * (parameter_count(config) + config.vocab_size * config.hidden_size) + kMebi * (4 * config.num_layers + 1);
  const int64_t cache = work.sequences * work.tokens * config.num_layers * 2 * kv_width(config) * kFloat;
  const int64_t rows = kPrefillTokens + work.sequences;
  const int64_t activations = rows * (4 * config.hidden_size + 3 * config.intermediate_size) * kFloat;
  const int64_t logits = work.sequences * config.vocab_size * kFloat;
  return process_bytes(config) + weights + cache + activations + logits;
}

int64_t scoring_bytes(const ModelConfig& config, int64_t pass_tokens) {
  const int64_t activations = pass_tokens * kept_for_backward(config) * kFloat;
  return process_bytes(config) + kFloat * parameter_count(config) + activations +
         2 * kLossChunk * config.vocab_size * kFloat;
}

}  // namespace dormouse::weights
