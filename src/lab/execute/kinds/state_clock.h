// When long training saves its state: how much work a kill may cost. It never changes a result.
#pragma once

#include <chrono>

namespace dormouse::lab {

class StateClock {
 public:
  /// True once every DORMOUSE_STATE_SECONDS (60).
  bool is_due();

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace dormouse::lab
