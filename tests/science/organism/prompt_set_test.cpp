#include "science/organism/prompt_set.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/hash.h"

namespace dormouse::organism {
namespace {

const std::string kHeader2 = R"({"canary":"C","set":"mine/train","rows":2,"license":"Apache-2.0"})"
                             "\n";
const std::string kRow1 = R"({"id":"a","category":"question","lang":"en","text":"Why is the sky blue?"})"
                          "\n";
const std::string kRow2 = R"({"id":"b","category":"task","lang":"ja","text":"俳句を書いてください。"})"
                          "\n";

class PromptSetFile : public ::testing::Test {
 protected:
  fs::path path =
      fs::path(::testing::TempDir()) / (std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()) +
                                        std::to_string(::getpid()) + ".jsonl");

  PromptSet load(const std::string& bytes) {
    write_file(path, bytes);
    return load_prompt_set(path);
  }

  // The message of the refusal, from behind the file's name.
  std::string refusal(const std::string& bytes) {
    try {
      load(bytes);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      const std::string message = error.what();
      EXPECT_TRUE(message.starts_with(path.string())) << message;
      return message.substr(path.string().size());
    }
    return "accepted";
  }

  void TearDown() override { fs::remove(path); }
};

TEST_F(PromptSetFile, Loads) {
  const PromptSet set = load(kHeader2 + kRow1 + kRow2);
  EXPECT_EQ(set.name, "mine/train");
  EXPECT_EQ(set.sha256, sha256(kHeader2 + kRow1 + kRow2));
  ASSERT_EQ(set.prompts.size(), 2u);
  EXPECT_EQ(set.prompts[1].id, "b");
  EXPECT_EQ(set.prompts[1].lang, "ja");
  EXPECT_EQ(set.prompts[1].text, "俳句を書いてください。");
}

TEST_F(PromptSetFile, RefusesWhatIsNotTheFormat) {
  const auto expect = [&](const std::string& bytes, const std::string& start) {
    EXPECT_TRUE(refusal(bytes).starts_with(start)) << refusal(bytes);
  };
  expect("", ":1: the file is empty");
  expect(kRow1 + kRow2, ":1: has the keys category, id, lang, text, expected canary");
  expect(kHeader2 + kRow1, ":1: the header says 2 rows, the file has 1");
  expect(kHeader2 + kRow1 + kRow1, ":3: the id `a` is already taken");
  expect(kHeader2 + kRow1 + "{\"id\":\"b\"}\n", ":3: has the keys id, expected category");
  expect(kHeader2 + kRow1 + R"({"id":"b","category":"q","lang":"en","text":"x","extra":1})", ":3: has the keys");
  expect(kHeader2 + kRow1 + R"({"id":"b","category":"q","lang":"en","text":" \n"})", ":3: `text` is empty");
  expect(kHeader2 + kRow1 + R"({"id":"b","category":"q","lang":"en","text":7})", ":3: `text`: expected a string");
  expect(kHeader2 + kRow1 + "{\"id\":\"b\",\"category\":\"q\",\"lang\":\"en\",\"text\":\"\xFF\"}",
         ":3: is not valid UTF-8");
  expect(kHeader2 + kRow1 + "{\"id\":", ":3: not valid JSON");
}

TEST_F(PromptSetFile, SamplesAreSeededOrderedAndWithoutRepeats) {
  std::string bytes = R"({"canary":"C","set":"mine/many","rows":50,"license":"Apache-2.0"})"
                      "\n";
  for (int i = 10; i < 60; ++i) {
    const std::string id = std::to_string(i);
    bytes += R"({"id":")" + id + R"(","category":"q","lang":"en","text":"number )" + id + "\"}\n";
  }
  const PromptSet set = load(bytes);
  const auto ids = [](const std::vector<Prompt>& prompts) {
    std::vector<std::string> all;
    for (const auto& prompt : prompts) all.push_back(prompt.id);
    return all;
  };
  const auto picked = ids(set.sample(20, 1));
  EXPECT_EQ(picked.size(), 20u);
  EXPECT_TRUE(std::is_sorted(picked.begin(), picked.end()));
  EXPECT_EQ(std::adjacent_find(picked.begin(), picked.end()), picked.end());
  EXPECT_EQ(picked, ids(set.sample(20, 1)));
  EXPECT_NE(picked, ids(set.sample(20, 2)));
  EXPECT_EQ(ids(set.first(3)), (std::vector<std::string>{"10", "11", "12"}));
  EXPECT_EQ(set.first(0).size(), 50u);
  EXPECT_THROW(set.first(51), Error);
  EXPECT_THROW(set.sample(-1, 1), Error);
}

TEST(PromptSetNames, FindTheSetsOfTheProgram) {
  const PromptSet set = find_prompt_set("everyday/train", "recipe.yaml:5");
  EXPECT_EQ(set.name, "everyday/train");
  EXPECT_GT(set.prompts.size(), 100u);
  EXPECT_EQ(find_prompt_set("clean-text/test", "recipe.yaml:5").prompts.front().lang, "en");
  try {
    find_prompt_set("everyday/trian", "recipe.yaml:5");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what())
                  .find("recipe.yaml:5: unknown prompt set `everyday/trian` (did you mean "
                        "`everyday/train`?)"),
              std::string::npos)
        << error.what();
  }
  EXPECT_THROW(find_prompt_set("../../etc/passwd", "recipe.yaml:5"), Error);
}

}  // namespace
}  // namespace dormouse::organism
