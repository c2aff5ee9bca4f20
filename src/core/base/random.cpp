#include "core/base/random.h"

#include <cmath>

#include "core/base/error.h"

namespace dormouse {

namespace {

// The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

constexpr uint64_t kGolden = 0x9e3779b97f4a7c15ULL;

}  // namespace

RandomStream::RandomStream(uint64_t seed, std::string_view label) {
  // FNV-1a over the label, started from the mixed seed.
  uint64_t hash = mix(seed + kGolden);
  for (const char c : label) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  key_ = mix(hash);
}

uint64_t RandomStream::next() { return mix(key_ + kGolden * ++counter_); }

double RandomStream::uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

uint64_t RandomStream::below(uint64_t bound) {
  DORMOUSE_ASSERT(bound >= 1);
  const uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  uint64_t value = next();
  while (value >= limit) value = next();
  return value % bound;
}

double RandomStream::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * 3.14159265358979323846 * uniform());
}

}  // namespace dormouse
