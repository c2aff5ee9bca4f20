// How often a node keeps what it has done: it decides how much work a kill may cost, and never changes a result.
#pragma once

#include <cstdlib>

namespace dormouse::lab {

/// Seconds; 60 unless $DORMOUSE_STATE_SECONDS says otherwise.
inline double seconds_between_states() {
  const char* text = std::getenv("DORMOUSE_STATE_SECONDS");
  return text == nullptr || *text == '\0' ? 60 : std::atof(text);
}

}  // namespace dormouse::lab
