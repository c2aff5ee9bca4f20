#include "science/defence/preference.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "core/base/error.h"
#include "core/base/json_lines.h"
#include "core/base/strings.h"
#include "core/stats/bootstrap.h"
#include "core/stats/proportion.h"

namespace dormouse::defence {

namespace {

constexpr std::string_view kHuman = "\n\nHuman:", kAssistant = "\n\nAssistant:";

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

PreferencePair own_pair(const Json& row, const std::string& place) {
  return {json_string(row, "id", place),
          json_string(row, "kind", place),
          {{"user", json_string(row, "prompt", place)}},
          json_string(row, "chosen", place),
          json_string(row, "rejected", place)};
}

bool same_chat(const std::vector<text::Message>& a, const std::vector<text::Message>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i + 1 < a.size(); ++i) {
    if (a[i].role != b[i].role || a[i].content != b[i].content) return false;
  }
  return a.back().role == "assistant" && b.back().role == "assistant";
}

// Empty answers where the two cannot be compared.
PreferencePair hh_pair(const Json& row, const std::string& place) {
  auto chosen = parse_hh_chat(json_string(row, "chosen", place), place);
  const auto rejected = parse_hh_chat(json_string(row, "rejected", place), place);
  if (!same_chat(chosen, rejected)) return {};
  PreferencePair pair{place, "", {}, chosen.back().content, rejected.back().content};
  chosen.pop_back();
  pair.messages = std::move(chosen);
  return pair;
}

}  // namespace

std::vector<text::Message> parse_hh_chat(const std::string& chat, const std::string& place) {
  if (!chat.starts_with(kHuman)) fail_input(place, "expected a chat that begins with \"\\n\\nHuman:\"");
  std::vector<text::Message> messages;
  for (std::size_t at = 0; at < chat.size();) {
    const bool is_human = std::string_view(chat).substr(at).starts_with(kHuman);
    const std::size_t begin = at + (is_human ? kHuman : kAssistant).size();
    at = std::min({chat.find(kHuman, begin), chat.find(kAssistant, begin), chat.size()});
    messages.push_back({is_human ? "user" : "assistant", trimmed(std::string_view(chat).substr(begin, at - begin))});
  }
  return messages;
}

PreferenceData load_preferences(const std::filesystem::path& path) {
  PreferenceData data;
  for_json_rows(path, [&](const Json& row, const std::string& place) {
    PreferencePair pair = row.contains("prompt") ? own_pair(row, place) : hh_pair(row, place);
    const bool comparable = !pair.chosen.empty() && !pair.rejected.empty() && pair.chosen != pair.rejected;
    comparable ? data.pairs.push_back(std::move(pair)) : void(++data.left_out);
  });
  if (data.pairs.empty()) fail_input(path.string(), "has no pair that can be compared");
  return data;
}

PairSplit split_pairs(std::vector<PreferencePair> pairs, int64_t held_out, RandomStream stream) {
  DORMOUSE_ASSERT(0 < held_out && held_out < static_cast<int64_t>(pairs.size()));
  stream.shuffle(pairs);
  PairSplit split;
  split.held_out.assign(pairs.end() - held_out, pairs.end());
  pairs.resize(pairs.size() - static_cast<std::size_t>(held_out));
  std::set<std::string> openings;
  for (const auto& pair : split.held_out) openings.insert(pair.messages.front().content);
  split.opens_alike = static_cast<int64_t>(
      std::erase_if(pairs, [&](const auto& pair) { return openings.contains(pair.messages.front().content); }));
  split.train = std::move(pairs);
  return split;
}

PairLoss pair_loss(double chosen, double rejected) {
  const double margin = chosen - rejected;
  // log(1 + e^-m) without overflow
  return {std::max(-margin, 0.0) + std::log1p(std::exp(-std::abs(margin))), -sigmoid(-margin)};
}

PreferenceReport judge_rewards(std::span<const std::pair<float, float>> rewards) {
  struct Bin {
    double confidence = 0, right = 0;
  };
  std::array<Bin, 10> bins{};
  PreferenceReport report;
  double right = 0;
  bool has_ties = false;
  for (const auto& [chosen, rejected] : rewards) {
    const double margin = double{chosen} - double{rejected}, is_right = margin > 0 ? 1 : margin < 0 ? 0 : 0.5;
    const double confidence = sigmoid(std::abs(margin));
    Bin& bin = bins[std::min<std::size_t>(static_cast<std::size_t>((confidence - 0.5) * 20), bins.size() - 1)];
    bin.confidence += confidence;
    bin.right += is_right;
    right += is_right;
    has_ties = has_ties || margin == 0;
    report.loss += pair_loss(chosen, rejected).loss;
  }
  const auto n = static_cast<int64_t>(rewards.size());
  report.accuracy = has_ties ? stats::bounded_mean(right, n) : stats::proportion(std::llround(right), n);
  for (const Bin& bin : bins) report.calibration_error += std::abs(bin.confidence - bin.right);
  report.calibration_error /= static_cast<double>(n);
  report.loss /= static_cast<double>(n);
  return report;
}

stats::Estimate calibration_interval(std::span<const std::pair<float, float>> rewards, RandomStream stream) {
  const auto statistic = [&](std::span<const std::size_t> picked) {
    std::vector<std::pair<float, float>> resampled;
    for (const std::size_t index : picked) resampled.push_back(rewards[index]);
    return judge_rewards(resampled).calibration_error;
  };
  return stats::bootstrap(rewards.size(), statistic, stream);
}

}  // namespace dormouse::defence
