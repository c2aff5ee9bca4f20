#include "engine/sample/prefix_tree.h"

#include <gtest/gtest.h>

namespace dormouse::sample {
namespace {

TEST(PrefixTree, FindsNestedRunsAndLeavesTheLastTokenAlone) {
  const std::vector<std::vector<int32_t>> prompts{
      {1, 2, 3, 4, 5, 6}, {1, 2, 3, 4, 5, 7}, {1, 2, 9, 9}, {8, 8}, {1, 2, 3, 4, 5, 6}};
  PrefixTree tree({prompts.begin(), prompts.end()}, /*shortest=*/2);
  EXPECT_EQ(tree.prompt(0).shared_tokens, 5u);
  EXPECT_EQ(tree.prompt(0).runs.size(), 2u);
  EXPECT_EQ(tree.prompt(0).runs[0]->tokens, (std::vector<int32_t>{1, 2}));
  EXPECT_EQ(tree.prompt(0).runs[0]->waiting, 4);
  EXPECT_EQ(tree.prompt(0).runs[1]->tokens, (std::vector<int32_t>{3, 4, 5}));
  EXPECT_EQ(tree.prompt(0).runs[1]->waiting, 3);
  EXPECT_EQ(tree.prompt(1).runs, tree.prompt(0).runs);
  EXPECT_EQ(tree.prompt(2).shared_tokens, 2u);
  EXPECT_EQ(tree.prompt(3).shared_tokens, 0u);
}

TEST(PrefixTree, ShortRunsAreNotShared) {
  const std::vector<std::vector<int32_t>> prompts{{1, 2, 3, 4}, {1, 2, 3, 5}};
  EXPECT_EQ(PrefixTree({prompts.begin(), prompts.end()}, 4).prompt(0).shared_tokens, 0u);
  EXPECT_EQ(PrefixTree({prompts.begin(), prompts.end()}, 3).prompt(0).shared_tokens, 3u);
}

}  // namespace
}  // namespace dormouse::sample
