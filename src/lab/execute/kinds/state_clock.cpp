#include "lab/execute/kinds/state_clock.h"

#include <cstdlib>

namespace dormouse::lab {

namespace {

double seconds_between_states() {
  const char* text = std::getenv("DORMOUSE_STATE_SECONDS");
  return text == nullptr || *text == '\0' ? 60 : std::atof(text);
}

}  // namespace

bool StateClock::is_due() {
  const auto now = std::chrono::steady_clock::now();
  if (std::chrono::duration<double>(now - last_).count() < seconds_between_states()) return false;
  last_ = now;
  return true;
}

}  // namespace dormouse::lab
