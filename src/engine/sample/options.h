// How a completion is drawn. Plain data, free of tensors, so that every wing can carry it.
#pragma once

#include <string>
#include <vector>

#include "core/config/fields.h"

namespace dormouse::sample {

struct SamplingOptions {
  double temperature = 1.0;
  int64_t top_k = 0;
  double top_p = 1.0;
  int64_t max_tokens = 64;
  std::vector<std::string> stop;

  std::vector<Field> fields() {
    return {
        {"temperature", &temperature, "softmax temperature; 0 takes the most likely token", between(0, 100)},
        {"top_k", &top_k, "keep the k most likely tokens; 0 keeps all", at_least(0)},
        {"top_p", &top_p, "keep the smallest set of tokens whose probability reaches this", between(0, 1)},
        {"max_tokens", &max_tokens, "longest completion, in tokens", between(1, 1 << 20)},
        {"stop", &stop, "end a completion before any of these texts"},
    };
  }
};

}  // namespace dormouse::sample
