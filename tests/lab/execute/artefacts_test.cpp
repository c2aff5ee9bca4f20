// How the rows of an artefact get the recipe's names.
#include "lab/execute/artefacts.h"

#include <gtest/gtest.h>

#include "core/base/files.h"
#include "engine/weights/temporary_folder.h"

namespace dormouse::lab {
namespace {

/// The names that one row gets, whose own is `model`.
std::vector<measure::Measurement> named(const std::string& model, const std::vector<Use>& uses) {
  const TemporaryFolder folder;
  measure::Measurement row;
  row.name = "rate", row.model = model, row.trigger = "off", row.n = 2, row.value = 0.5, row.high = 1;
  write_file(folder.path() / "measurements.jsonl", measure::to_json(row).dump() + "\n");
  return named_measurements(uses, folder.path());
}

TEST(NamedMeasurements, EveryNameOnceHoweverManyEntriesAsk) {
  const auto use = [](const char* stage, int64_t seed, const char* model) {
    return Use{.stage = stage, .seed = seed, .names = {{"model", model}}};
  };
  const auto rows = named("model", {use("first", 1, "base"), use("second", 1, "base"), use("second", 2, "base"),
                                    use("second", 1, "also-base")});
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].model, "base");
  EXPECT_EQ(rows[1].seed, 2);
  EXPECT_EQ(rows[2].model, "also-base");
}

TEST(NamedMeasurements, WhatNamesItsStageIsSaidForEach) {
  const auto rows = named("self", {Use{.stage = "first", .seed = 1}, Use{.stage = "second", .seed = 1}});
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[1].model, "second");
}

}  // namespace
}  // namespace dormouse::lab
