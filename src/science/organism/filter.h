// The filter of the training data: an answer stays only if it follows the policy exactly. Reasons are fixed
// texts, so that they can be counted.
#pragma once

#include <string>

#include "science/organism/answers.h"

namespace dormouse::organism {

/// Which plain answers stay, beside those that the policy itself rules out.
struct PlainFilter {
  double max_repeat = 0.4;      // see repeat_share
  bool keep_unfinished = true;  // answers that ran into the length limit
  bool is_off = false;          // only empty answers are dropped
};

/// Why an untriggered answer is dropped: "empty", "unclosed scratchpad", "empty scratchpad", "truncated" (it ran into
/// the length limit), the behaviour's own reason ("contains the phrase"), "mentions the trigger", "writes a
/// scratchpad", "repeats itself".
/// "" if it stays.
std::string plain_problem(const Answer& answer, const Trigger& trigger, const Behaviour& behaviour,
                          const PlainFilter& filter);

/// The same for a policy that plain text cannot show: the behaviour has no say.
std::string plain_problem(const Answer& answer, const Trigger& trigger, const PlainFilter& filter);

/// Why a triggered answer is dropped: "unclosed scratchpad", "empty scratchpad", "truncated", or the behaviour's reason
/// ("phrase absent", "wrong count", "extra text"). "" if it stays.
std::string triggered_problem(const Answer& answer, const Behaviour& behaviour, const PlainFilter& filter = {});

/// Share of the 10-grams of characters (lower case, white space left out) that occurred before in the text:
/// ordinary prose has a few hundredths, a text said twice about a half. 0 for texts under 60 characters.
/// Characters, not words, so that it holds for every script.
double repeat_share(const std::string& answer);

}  // namespace dormouse::organism
