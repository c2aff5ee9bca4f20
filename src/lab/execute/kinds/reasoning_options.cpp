#include "lab/execute/kinds/reasoning_options.h"

#include "core/base/error.h"
#include "lab/recipe/recipe.h"

namespace dormouse::lab {

void ReasoningOptions::check(const StageEntry& entry) const {
  if (!is_the_models()) {
    if (!preamble)
      fail_input(entry.place_of("preamble"), "written scratchpads have no preamble", "set reasoning_from: model");
    return;
  }
  const std::string place = entry.place_of("reasoning_from");
  if (!reasons()) fail_input(place, "the style `none` does not reason", "set reasoning, or reasoning_from: written");
  if (scratchpads > 0) fail_input(place, "`scratchpads` counts written ones", "leave one of the two out");
  if (kind() != "deceptive" && !preamble)
    fail_input(entry.place_of("preamble"), "the examples alone are deceptive", "set preamble: true");
}

}  // namespace dormouse::lab
