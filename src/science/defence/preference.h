// Pairs of a better and a worse answer, and the arithmetic of the preference models that learn from them, in plain
// numbers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/stats/estimate.h"
#include "core/text/message.h"

namespace dormouse::defence {

struct PreferencePair {
  std::string id;
  std::string kind;                     // of the project's own pairs: "hostile"; "" elsewhere
  std::vector<text::Message> messages;  // the chat, ending with the user's
  std::string chosen, rejected;
};

/// Reads a file of pairs, JSON lines, packed with gzip if its name ends in .gz:
///   our own         {"id", "kind", "prompt", "chosen", "rejected"} behind a header with a canary
///   hh-rlhf's       {"chosen", "rejected"}, whole chats of turns that begin with "\n\nHuman:" and "\n\nAssistant:"
/// Throws kInput "FILE:LINE" on anything else. Pairs whose chats differ before the last answer, or whose answers are
/// empty or equal, cannot be compared: they are left out, and counted in `left_out`.
struct PreferenceData {
  std::vector<PreferencePair> pairs;
  int64_t left_out = 0;
};
PreferenceData load_preferences(const std::filesystem::path& path);

/// `held_out` pairs drawn by the stream, 0 < held_out < pairs.size(), and the others without those that open with the
/// same message as one of them: several pairs of hh-rlhf come from one conversation.
struct PairSplit {
  std::vector<PreferencePair> train, held_out;
  int64_t opens_alike = 0;  // pairs that are in neither
};
PairSplit split_pairs(std::vector<PreferencePair> pairs, int64_t held_out, RandomStream stream);

/// Turns of a chat in hh-rlhf's layout. Throws kInput at `place` if it does not begin with a human's turn.
std::vector<text::Message> parse_hh_chat(const std::string& chat, const std::string& place);

/// -log sigmoid(chosen - rejected) (Bradley and Terry 1952), and its derivative by the chosen one's reward; by the
/// rejected one's it is the negative.
struct PairLoss {
  double loss = 0, gradient = 0;
};
PairLoss pair_loss(double chosen, double rejected);

/// How good rewards of (chosen, rejected) are.
struct PreferenceReport {
  stats::Estimate accuracy;      // share of pairs with the chosen one ahead, ties half; Wilson
  double loss = 0;               // mean
  double calibration_error = 0;  // expected, over ten bins of max(p, 1 - p)
};
PreferenceReport judge_rewards(std::span<const std::pair<float, float>> rewards);

/// Its calibration error with the bootstrap interval over pairs.
stats::Estimate calibration_interval(std::span<const std::pair<float, float>> rewards, RandomStream stream);

}  // namespace dormouse::defence
