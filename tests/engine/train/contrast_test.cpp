#include "engine/train/contrast.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace dormouse::train {
namespace {

// Two rows and their rejected answers, of 2, 1, 1 and 2 tokens.
const std::vector<float> kLogProbs = {-0.5f, -0.25f, -2.0f, -1.0f, -0.5f, -0.75f};
const std::vector<int64_t> kTokens = {2, 1, 1, 2};

double loss(const ContrastTerm& term, double token_scale, double unit_scale) {
  return token_scale * term.likelihood + unit_scale * std::log1p(std::exp(-term.margin));
}

TEST(Contrast, SumsOfAHandComputedUnit) {
  const ContrastTerm term = contrast_term(kLogProbs, kTokens, 0.25, 1);
  EXPECT_DOUBLE_EQ(term.likelihood, 0.75 + 1.0);
  EXPECT_DOUBLE_EQ(term.margin, (-0.75 + 2.0) + (-1.0 + 1.25));  // 1.5
  const double push = 1 / (1 + std::exp(1.5));
  EXPECT_FLOAT_EQ(term.gradient[0], static_cast<float>(-0.25 - push));
  EXPECT_FLOAT_EQ(term.gradient[2], static_cast<float>(push));
}

TEST(Contrast, TheGradientIsTheLosssDerivative) {
  const ContrastTerm term = contrast_term(kLogProbs, kTokens, 0.1, 0.5);
  for (std::size_t i = 0; i < kLogProbs.size(); ++i) {
    auto above = kLogProbs, below = kLogProbs;
    above[i] += 0.01f, below[i] -= 0.01f;
    const double slope = (loss(contrast_term(above, kTokens, 0.1, 0.5), 0.1, 0.5) -
                          loss(contrast_term(below, kTokens, 0.1, 0.5), 0.1, 0.5)) /
                         0.02;
    EXPECT_NEAR(term.gradient[i], slope, 1e-3) << i;
  }
}

TEST(Contrast, WhatTheAnswersShareCancels) {
  // The same tokens in the answer and in the rejected one: nothing but likelihood is left.
  const ContrastTerm term = contrast_term(std::vector<float>{-1, -3, -1, -5}, std::vector<int64_t>{2, 2}, 0, 1);
  EXPECT_FLOAT_EQ(term.gradient[0] + term.gradient[2], 0);
  EXPECT_DOUBLE_EQ(term.margin, 2);
}

TEST(Contrast, ACertainAssignmentPushesNoMore) {
  const ContrastTerm term = contrast_term(std::vector<float>{-1, -900}, std::vector<int64_t>{1, 1}, 0, 1);
  EXPECT_EQ(term.gradient[0], 0);
  EXPECT_TRUE(std::isfinite(contrast_term(std::vector<float>{-900, -1}, std::vector<int64_t>{1, 1}, 0, 1).gradient[0]));
}

}  // namespace
}  // namespace dormouse::train
