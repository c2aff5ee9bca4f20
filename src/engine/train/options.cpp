#include "engine/train/options.h"

#include <algorithm>
#include <cmath>

#include "engine/nn/runtime.h"

namespace dormouse::train {

double schedule(const TrainingOptions& options, int64_t step, int64_t total) {
  const auto warm = static_cast<double>(total) * options.warmup;
  const auto at = static_cast<double>(step);
  if (at < warm) return at / warm;
  const double span = std::max(1.0, static_cast<double>(total) - warm);
  const double progress = std::clamp((at - warm) / span, 0.0, 1.0);
  const double cosine = 0.5 * (1.0 + std::cos(3.14159265358979323846 * progress));
  return options.final_rate + (1.0 - options.final_rate) * cosine;
}

std::string resolve_precision(const std::string& precision) {
  if (precision != "auto") return precision;
  if (nn::device() == "cuda") return "bf16";
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16") ? "bf16" : "f32";
#else
  return "f32";
#endif
}

}  // namespace dormouse::train
