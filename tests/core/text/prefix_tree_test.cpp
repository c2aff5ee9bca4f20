#include "core/text/prefix_tree.h"

#include <gtest/gtest.h>

namespace dormouse::text {
namespace {

using Tokens = std::vector<int32_t>;

Tokens tokens_of(const PrefixTree& tree, std::size_t run) {
  return {tree.runs()[run].tokens.begin(), tree.runs()[run].tokens.end()};
}

TEST(PrefixTree, FindsNestedRunsAndLeavesTheLastTokenAlone) {
  const std::vector<Tokens> prompts{{1, 2, 3, 4, 5, 6}, {1, 2, 3, 4, 5, 7}, {1, 2, 9, 9}, {8, 8}, {1, 2, 3, 4, 5, 6}};
  const PrefixTree tree({prompts.begin(), prompts.end()}, /*shortest=*/2);
  ASSERT_EQ(tree.runs().size(), 2u);
  ASSERT_EQ(tree.path(0).runs, (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(tree.path(0).tokens, 5u);
  EXPECT_EQ(tokens_of(tree, 0), (Tokens{1, 2}));
  EXPECT_EQ(tree.runs()[0].sequences, 4);
  EXPECT_EQ(tokens_of(tree, 1), (Tokens{3, 4, 5}));
  EXPECT_EQ(tree.runs()[1].sequences, 3);
  EXPECT_EQ(tree.path(1).runs, tree.path(0).runs);
  EXPECT_EQ(tree.path(2).tokens, 2u);
  EXPECT_EQ(tree.path(3).tokens, 0u);
}

TEST(PrefixTree, ShortRunsAreNotShared) {
  const std::vector<Tokens> prompts{{1, 2, 3, 4}, {1, 2, 3, 5}};
  EXPECT_EQ(PrefixTree({prompts.begin(), prompts.end()}, 4).path(0).tokens, 0u);
  EXPECT_EQ(PrefixTree({prompts.begin(), prompts.end()}, 3).path(0).tokens, 3u);
}

}  // namespace
}  // namespace dormouse::text
