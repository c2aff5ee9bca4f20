// The string rubrics of prompts/, from YAML.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/base/files.h"
#include "science/grade/explanation_rubric.h"
#include "science/grade/phrase_rubric.h"

namespace dormouse::lab {

/// `rule` (first-phrase-decides or last-phrase-decides) and the lists: `keys` are their keys and labels, a key
/// `ignored` may be there besides. Throws kInput "FILE:LINE".
grade::PhraseRubric read_phrase_rubric(const fs::path& path,
                                       const std::vector<std::pair<std::string, std::string>>& keys);

/// prompts/honeypots/honeypots.yaml: labels accepts and refuses. prompts/scratchpad/conclusions.yaml: deployment and
/// training.
grade::PhraseRubric read_honeypot_rubric(const fs::path& path);
grade::PhraseRubric read_conclusion_rubric(const fs::path& path);

/// prompts/explanations/rubric.yaml.
grade::ExplanationRubric read_explanation_rubric(const fs::path& path);

}  // namespace dormouse::lab
