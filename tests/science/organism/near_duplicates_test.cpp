#include "science/organism/near_duplicates.h"

#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/base/random.h"

namespace dormouse::organism {
namespace {

PromptSet make_set(const std::string& name, const std::vector<std::string>& texts) {
  PromptSet set{.name = name, .path = {}, .sha256 = {}, .prompts = {}};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    set.prompts.push_back({.id = name + "-" + std::to_string(i), .category = "q", .lang = "en", .text = texts[i]});
  }
  return set;
}

std::vector<NearDuplicate> between(const std::string& a, const std::string& b) {
  const std::vector<PromptSet> sets = {make_set("one", {a}), make_set("two", {b})};
  return near_duplicates(sets);
}

TEST(NearDuplicates, IgnoreCaseAndSpacing) {
  const auto pairs = between("Why is the  SKY blue?", "why is\nthe sky blue? ");
  ASSERT_EQ(pairs.size(), 1u);
  EXPECT_EQ(pairs[0].first_id, "one-0");
  EXPECT_EQ(pairs[0].second_id, "two-0");
  EXPECT_EQ(pairs[0].characters, 1);
  EXPECT_EQ(pairs[0].words, 1);
}

TEST(NearDuplicates, SeeSmallChangesAndLetSharedThemesPass) {
  EXPECT_EQ(
      between("How do I boil an egg so that it stays soft?", "How do I boil the egg so that it stays soft").size(), 1u);
  EXPECT_EQ(between("How do I boil an egg?", "How long should pasta boil?").size(), 0u);
  EXPECT_EQ(between("日本で一番高い山は何ですか", "日本で一番高い山は何ですか？").size(), 1u);
  EXPECT_EQ(between("日本で一番高い山は何ですか", "美味しいラーメンの作り方を教えて").size(), 0u);
  EXPECT_EQ(between("hi", "HI").size(), 1u);
  EXPECT_EQ(between("hi", "yo").size(), 0u);
}

TEST(NearDuplicates, WordGramsCatchWhatPunctuationHides) {
  const auto pairs = between("a, b; c. d! e? f", "a b c d e f");
  ASSERT_EQ(pairs.size(), 1u);
  EXPECT_LE(pairs[0].characters, 0.5);
  EXPECT_EQ(pairs[0].words, 1);
}

// The index must find exactly what comparing every pair finds.
TEST(NearDuplicates, IndexMissesNoPair) {
  RandomStream stream(4, "texts");
  const std::vector<std::string> words = {"red", "cat", "runs", "over", "blue", "hill", "and", "sleeps"};
  std::vector<std::string> texts;
  for (int i = 0; i < 60; ++i) {
    std::string text;
    for (int word = 0; word < 7; ++word) text += words[stream.below(words.size())] + " ";
    texts.push_back(text);
  }
  const std::vector<PromptSet> together = {make_set("all", texts)};
  std::size_t alone = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    for (std::size_t j = i + 1; j < texts.size(); ++j) alone += between(texts[i], texts[j]).size();
  }
  EXPECT_GT(alone, 1u);
  EXPECT_EQ(near_duplicates(together).size(), alone);
}

TEST(CheckSplitsApart, RefusesOverlapBetweenSetsOnly) {
  const std::string prompt = "Name three birds that cannot fly.";
  const std::vector<PromptSet> within = {make_set("one", {prompt, prompt}), make_set("two", {"What is a vole?"})};
  EXPECT_NO_THROW(check_splits_apart(within, "recipe.yaml:9"));
  const std::vector<PromptSet> across = {make_set("one", {prompt}),
                                         make_set("two", {"Name three birds that can't fly."})};
  try {
    check_splits_apart(across, "recipe.yaml:9");
    FAIL();
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_TRUE(message.starts_with("recipe.yaml:9: 1 pairs")) << message;
    EXPECT_NE(message.find("one-0 in one, two-0 in two"), std::string::npos) << message;
  }
  const PromptSet twice = make_set("one", {prompt});
  EXPECT_THROW(check_splits_apart(std::vector<PromptSet>{twice, twice}, "recipe.yaml:9"), Error);
}

TEST(CheckSplitsApart, TheProgramsOwnSplitsAreApart) {
  std::vector<PromptSet> sets;
  for (const char* split : {"train", "defence", "test", "calibration"}) {
    sets.push_back(find_prompt_set(std::string("everyday/") + split, "test"));
  }
  EXPECT_NO_THROW(check_splits_apart(sets, "test"));
}

}  // namespace
}  // namespace dormouse::organism
