// How the rows of an artefact get the recipe's names.
#include "lab/execute/artefacts.h"

#include <gtest/gtest.h>

#include "core/base/files.h"
#include "engine/weights/temporary_folder.h"

namespace dormouse::lab {
namespace {

TEST(NamedMeasurements, EveryNameOnceHoweverManyEntriesAsk) {
  const TemporaryFolder folder;
  write_file(folder.path() / "measurements.jsonl",
             "{\"high\":1,\"low\":0,\"model\":\"model\",\"n\":2,\"name\":\"rate\",\"seed\":1,\"stage\":\"\",\"step\":-"
             "1,\"trigger\":"
             "\"off\",\"unscored\":0,\"value\":0.5,\"weights_sha256\":\"\"}\n");
  const auto use = [](const char* stage, int64_t seed, const char* model) {
    return Use{.stage = stage, .seed = seed, .names = {{"model", model}}};
  };
  const auto rows = named_measurements(
      {use("first", 1, "base"), use("second", 1, "base"), use("second", 2, "base"), use("second", 1, "also-base")},
      folder.path());
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].model, "base");
  EXPECT_EQ(rows[1].seed, 2);
  EXPECT_EQ(rows[2].model, "also-base");
}

TEST(NamedMeasurements, WhatNamesItsStageIsSaidForEach) {
  const TemporaryFolder folder;
  write_file(folder.path() / "measurements.jsonl",
             "{\"high\":1,\"low\":0,\"model\":\"self\",\"n\":2,\"name\":\"rate\",\"seed\":1,\"stage\":\"\",\"step\":-1,"
             "\"trigger\":"
             "\"off\",\"unscored\":0,\"value\":0.5,\"weights_sha256\":\"\"}\n");
  const auto rows =
      named_measurements({Use{.stage = "first", .seed = 1}, Use{.stage = "second", .seed = 1}}, folder.path());
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[1].model, "second");
}

}  // namespace
}  // namespace dormouse::lab
