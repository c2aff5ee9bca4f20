// Counter-based random streams. A stream is a pure function of (seed, label, counter): the state is two integers, it
// can be stored and restored, and what one consumer draws never shifts what another one sees.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace dormouse {

class RandomStream {
 public:
  /// `label` names the use ("packing", "sample/17"); equal seeds with different labels are independent.
  RandomStream(uint64_t seed, std::string_view label);

  /// 64 uniform bits.
  uint64_t next();
  /// Uniform in [0, 1) with 53 bits.
  double uniform();
  /// Uniform in [0, bound), without modulo bias; bound >= 1.
  uint64_t below(uint64_t bound);
  /// Standard normal (Box-Muller; draws two numbers each time).
  double normal();

  /// Fisher-Yates.
  template <class T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

  uint64_t key() const { return key_; }
  uint64_t counter() const { return counter_; }
  void set_counter(uint64_t counter) { counter_ = counter; }

 private:
  uint64_t key_;
  uint64_t counter_ = 0;
};

}  // namespace dormouse
