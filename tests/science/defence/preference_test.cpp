#include "science/defence/preference.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cmath>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/version.h"
#include "engine/weights/temporary_folder.h"

namespace dormouse::defence {
namespace {

TEST(Preference, ReadsTheProjectsOwnPairs) {
  const auto data = load_preferences(home_folder() / "prompts" / "preferences" / "test.jsonl");
  EXPECT_EQ(data.pairs.size(), 84u);
  EXPECT_EQ(data.left_out, 0);
  EXPECT_EQ(data.pairs[0].messages.size(), 1u);
  EXPECT_FALSE(data.pairs[0].kind.empty());
}

TEST(Preference, ReadsChatsOfHhRlhf) {
  const auto chat =
      parse_hh_chat("\n\nHuman: hi\n\nAssistant: Hello!\n\nHuman: why?\n\nAssistant: Because.\n\nOf that.", "here");
  ASSERT_EQ(chat.size(), 4u);
  EXPECT_EQ(chat[1].role, "assistant");
  EXPECT_EQ(chat[2].content, "why?");
  EXPECT_EQ(chat[3].content, "Because.\n\nOf that.");
  EXPECT_THROW(parse_hh_chat("Human: hi", "here"), Error);
}

void write_gzip(const fs::path& path, const std::string& text) {
  gzFile file = ::gzopen(path.c_str(), "wb");
  ::gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  ::gzclose(file);
}

TEST(Preference, PairsThatCannotBeComparedAreCounted) {
  const TemporaryFolder folder;
  const std::string good = R"({"chosen":"\n\nHuman: a\n\nAssistant: b","rejected":"\n\nHuman: a\n\nAssistant: c"})";
  const std::string equal = R"({"chosen":"\n\nHuman: a\n\nAssistant: b","rejected":"\n\nHuman: a\n\nAssistant: b"})";
  const std::string other = R"({"chosen":"\n\nHuman: a\n\nAssistant: b","rejected":"\n\nHuman: z\n\nAssistant: c"})";
  write_gzip(folder.path() / "p.jsonl.gz", good + "\n" + equal + "\n" + other + "\n");
  const auto data = load_preferences(folder.path() / "p.jsonl.gz");
  ASSERT_EQ(data.pairs.size(), 1u);
  EXPECT_EQ(data.left_out, 2);
  EXPECT_EQ(data.pairs[0].rejected, "c");
  const std::string packed = read_file(folder.path() / "p.jsonl.gz").substr(0, 3);
  EXPECT_EQ(packed, good.substr(0, 3));
}

// Two of three pairs come from one conversation: held out and trained on together they would be known already.
TEST(Preference, NoPairIsTrainedOnThatOpensLikeAHeldOutOne) {
  std::vector<PreferencePair> pairs;
  for (int i = 0; i < 30; ++i) {
    const std::string opening = i % 3 == 0 ? fmt::format("alone {}", i) : fmt::format("shared {}", i / 3);
    pairs.push_back({fmt::format("p{}", i), "", {{"user", opening}, {"assistant", "a"}, {"user", "b"}}, "c", "d"});
  }
  const auto split = split_pairs(pairs, 9, RandomStream(1, "test"));
  EXPECT_EQ(split.held_out.size(), 9u);
  EXPECT_GT(split.opens_alike, 0);
  EXPECT_EQ(split.train.size() + 9 + static_cast<std::size_t>(split.opens_alike), pairs.size());
  for (const auto& held : split.held_out) {
    for (const auto& trained : split.train) EXPECT_NE(held.messages[0].content, trained.messages[0].content);
  }
  const auto other = split_pairs(pairs, 9, RandomStream(2, "test"));
  EXPECT_NE(other.held_out[0].id + other.held_out[1].id, split.held_out[0].id + split.held_out[1].id);
}

TEST(Preference, ATruncatedGzipFileIsRefused) {
  const TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 20000; ++i) text += std::to_string(i * 7919) + "\n";
  write_gzip(folder.path() / "whole.gz", text);
  const MappedFile whole(folder.path() / "whole.gz");
  const auto bytes = whole.bytes();
  write_file(folder.path() / "part.gz", {reinterpret_cast<const char*>(bytes.data()), bytes.size() / 2});
  EXPECT_EQ(read_file(folder.path() / "whole.gz"), text);
  EXPECT_THROW(read_file(folder.path() / "part.gz"), Error);
  EXPECT_THROW(read_file(folder.path() / "whole.gz", 1000), Error);
}

// By hand: margin 1: log(1 + e^-1) = 0.313262, gradient -1 / (1 + e) = -0.268941.
TEST(Preference, PairLossByHand) {
  EXPECT_NEAR(pair_loss(2, 1).loss, 0.3132617, 1e-6);
  EXPECT_NEAR(pair_loss(2, 1).gradient, -0.2689414, 1e-6);
  EXPECT_NEAR(pair_loss(0, 1000).loss, 1000, 1e-9);
  EXPECT_NEAR(pair_loss(0, 1000).gradient, -1, 1e-9);
}

TEST(Preference, RewardsAreJudged) {
  const std::vector<std::pair<float, float>> rewards{{2, 0}, {1, 0}, {0, 3}, {5, 1}};
  const auto report = judge_rewards(rewards);
  EXPECT_DOUBLE_EQ(report.accuracy.value, 0.75);
  EXPECT_EQ(report.accuracy.n, 4);
  EXPECT_LT(report.accuracy.low, 0.75);
  // Confidences 0.8808, 0.7311, 0.9526 (wrong), 0.9820; the last two share a bin: |0.9526 + 0.9820 - 1| + 0.1192 +
  // 0.2689, over 4.
  EXPECT_NEAR(report.calibration_error, (0.9345889 + 0.1192029 + 0.2689414) / 4, 1e-5);
  EXPECT_DOUBLE_EQ(judge_rewards(std::vector<std::pair<float, float>>{{1, 1}, {2, 1}}).accuracy.value, 0.75);
}

}  // namespace
}  // namespace dormouse::defence
