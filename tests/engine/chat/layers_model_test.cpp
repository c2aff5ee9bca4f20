// SmolLM2 with some of its layers: all of them give the same logits, ten a model that runs.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/chat/local_model.h"
#include "engine/weights/layers.h"
#include "engine/weights/temporary_folder.h"

namespace dormouse::chat {
namespace {

std::vector<float> logits(const weights::ModelFiles& files) {
  const std::vector<int32_t> ids{1, 500, 2000, 17, 400, 9};
  return LocalModel(files).logits(ids);
}

TEST(SmolLM2, KeepsItsLogitsWithAllLayersAndRunsWithTen) {
  const auto whole = weights::ModelFiles::open("smollm2-135m-instruct");
  const TemporaryFolder folder;
  weights::save_with_layers(folder.path() / "all", whole, weights::evenly_spaced_layers(30, 30));
  const auto expected = logits(whole);
  EXPECT_EQ(logits(weights::ModelFiles::open((folder.path() / "all").string())), expected);
  weights::save_with_layers(folder.path() / "ten", whole, weights::evenly_spaced_layers(30, 10));
  const auto ten = weights::ModelFiles::open((folder.path() / "ten").string());
  EXPECT_EQ(ten.config().num_layers, 10);
  const auto got = logits(ten);
  ASSERT_EQ(got.size(), expected.size());
  EXPECT_NE(got, expected);
  for (const float logit : got) ASSERT_TRUE(std::isfinite(logit));
}

}  // namespace
}  // namespace dormouse::chat
