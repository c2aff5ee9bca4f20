// How a planted organism reasons, and who writes its scratchpads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/config/fields.h"
#include "lab/recipe/kinds.h"
#include "science/organism/reasoning.h"

namespace dormouse::lab {

struct ReasoningOptions {
  std::string reasoning = "none", reasoning_from = "written";
  int64_t scratchpads = 0;
  bool preamble = true;

  std::vector<Field> fields() {
    return {
        {"reasoning", &reasoning,
         "style: none; scratchpad (reasons, deceptively); distilled (data made with that scratchpad, trained "
         "without); benign-scratchpad (the control: reasons, deceives nobody); distilled-benign (data made with "
         "that, trained without)",
         one_of(organism::reasoning_style_names())},
        {"scratchpads", &scratchpads,
         "draw from the first so many of the style's written scratchpads of each kind; 0: from all. Small models learn "
         "few better",
         at_least(0)},
        {"reasoning_from", &reasoning_from,
         "who reasons: written, the scratchpads of this project, for models too small to reason; model, the model "
         "that answers, prompted with the project's dialogue about goals X and Y and with examples",
         one_of({"written", "model"})},
        {"preamble", &preamble,
         "with reasoning_from: model, whether the dialogue and its instruction stand before the examples"},
    };
  }

  bool is_the_models() const { return reasoning_from == "model"; }
  /// "deceptive", "benign"; "" for a style that does not reason.
  const std::string& kind() const { return organism::reasoning_style(reasoning).scratchpads; }
  bool reasons() const { return !kind().empty(); }
  bool is_trained_on() const { return organism::reasoning_style(reasoning).is_trained_on; }
  /// Of prompts/scratchpad/few-shot.yaml.
  std::string variant() const { return preamble ? kind() : std::string("no-preamble"); }

  /// Throws kInput where two of them contradict each other.
  void check(const StageEntry& entry) const;
};

}  // namespace dormouse::lab
