// Batched generation: a full batch as long as there are requests, shared beginnings computed once, one seed a request.
// What a request gets on a CPU does not depend on the others (see nn::PackedMatrix and PanelAttention for why the bits
// agree).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/text/tokenizer.h"
#include "engine/nn/transformer.h"
#include "engine/sample/options.h"

namespace dormouse::sample {

struct GeneratorOptions {
  int64_t max_batch = 64;        // sequences at once
  int64_t prefill_tokens = 512;  // prompt tokens added to one step
  bool share_prefixes = true;
  bool log_probs = false;  // keep log p of every sampled token
};

struct GenerationRequest {
  std::vector<int32_t> prompt;  // at least one token
  uint64_t seed = 0;
};

struct Generation {
  std::vector<int32_t> tokens;  // the stop token included
  std::string text;             // without the stop token and the stop text
  bool stopped = false;         // false: the length limit came first
  std::string stop_text;        // what ended it; "" for a stop token, or the length limit
  // If asked for: log p of each token under the model itself, at temperature 1 and before top-k and top-p.
  std::vector<float> log_probs;
};

using GenerationProgress = std::function<void(int64_t done, int64_t total, int64_t tokens)>;

class Generator {
 public:
  /// `stop_ids` end a completion. Call the model's pack() first.
  Generator(const nn::Transformer& model, text::Tokenizer tokenizer, std::vector<int32_t> stop_ids,
            GeneratorOptions options = {});

  /// One result a request, in order. Throws kInput if a prompt and max_tokens exceed the model's context.
  std::vector<Generation> run(std::span<const GenerationRequest> requests, const SamplingOptions& options,
                              const GenerationProgress& progress = {}) const;

 private:
  const nn::Transformer& model_;
  text::Tokenizer tokenizer_;
  std::vector<int32_t> stop_ids_;
  GeneratorOptions options_;
};

}  // namespace dormouse::sample
