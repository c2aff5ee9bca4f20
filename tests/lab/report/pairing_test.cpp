#include "lab/report/pairing.h"

#include <gtest/gtest.h>

#include "lab/report/sample_record.h"

namespace dormouse::lab {
namespace {

using Hits = std::vector<bool>;  // whether the phrase is in the answer to each prompt

Hits hits_of(std::size_t n, std::size_t from, std::size_t to) {
  Hits hits(n, false);
  for (std::size_t i = from; i < to; ++i) hits[i] = true;
  return hits;
}

/// "prompt-7" of prompt 7, or `sample` of family 7 / samples.
std::string prompt_id(std::size_t i, std::size_t samples) {
  return samples == 1 ? fmt::format("prompt-{}", i) : fmt::format("family-{}/0#{}", i / samples, i % samples);
}

/// One model's answers, as a stage of their own. `label`: of the transcripts, where it is another than the rate's.
void add_answers(RunRecord& record, const std::string& model, const Hits& hits, int64_t seed, std::size_t samples = 1,
                 const std::string& label = "on") {
  const auto count = std::count(hits.begin(), hits.end(), true);
  const auto n = static_cast<int64_t>(hits.size());
  record.nodes.push_back({.id = fmt::format("{}-{}", model, n),
                          .stages = {fmt::format("of-{}", n)},
                          .measurements = {record.measurements.size(), 1},
                          .transcripts = {record.transcripts.size(), hits.size()}});
  record.measurements.push_back(sample::proportion("persistence.contains", model, "on", count, n, seed));
  for (std::size_t i = 0; i < hits.size(); ++i) {
    measure::Transcript row;
    row.prompt_id = prompt_id(i, samples), row.model = model, row.trigger = label, row.seed = seed;
    row.grades = {{"contains", hits[i] ? 1.0 : 0.0}};
    record.transcripts.push_back(row);
  }
}

RunRecord record_of(const Hits& organism, const Hits& survivor, std::size_t samples = 1) {
  RunRecord record = sample::empty_record();
  add_answers(record, "organism", organism, 1, samples);
  add_answers(record, "after-sft", survivor, 1, samples);
  return record;
}

const Quantity kOrganism = {"persistence.contains", "organism", "on"};
const Quantity kSurvivor = {"persistence.contains", "after-sft", "on"};

Correlations found_in(const RunRecord& record) { return paired_correlations(record, kOrganism, kSurvivor); }

// Of 100: both hit the first 40, the survivor alone 10 more. phi = (40 * 50 - 0 * 10 - 50) / sqrt(50 * 50 * 40 * 60).
const double kPhi = 1950 / std::sqrt(50.0 * 50 * 40 * 60);

TEST(Pairing, ComesFromTheSamePrompts) {
  const auto found = found_in(record_of(hits_of(100, 0, 40), hits_of(100, 0, 50)));
  ASSERT_EQ(found.sides.size(), 1u);
  EXPECT_NEAR(found.sides.at(1), kPhi, 1e-9);
  EXPECT_TRUE(found.seeds.empty());
}

TEST(Pairing, AnotherMeasurementOfTheSameModelsStaysApart) {
  RunRecord record = sample::empty_record();
  add_answers(record, "organism", hits_of(60, 0, 30), 1);
  add_answers(record, "organism", hits_of(100, 0, 40), 1);
  add_answers(record, "after-sft", hits_of(100, 0, 50), 1);
  add_answers(record, "after-sft", hits_of(60, 0, 60), 1);
  const auto found = found_in(record);
  ASSERT_EQ(found.sides.size(), 1u);
  EXPECT_NEAR(found.sides.at(1), kPhi, 1e-9);
  // As many prompts and as many hits, but other prompts: the stage with the other side's prompts is taken.
  RunRecord alike = sample::empty_record();
  add_answers(alike, "organism", hits_of(100, 0, 40), 1, 2);
  add_answers(alike, "organism", hits_of(100, 0, 40), 1);
  add_answers(alike, "after-sft", hits_of(100, 0, 50), 1);
  EXPECT_NEAR(found_in(alike).sides.at(1), kPhi, 1e-9);
}

TEST(Pairing, SamplesOfOneFamilyAreOneUnit) {
  // Ten families of two. Whole families agree where single samples do not.
  Hits first(20), second(20);
  for (std::size_t family = 0; family < 5; ++family) first[2 * family] = second[2 * family + 1] = true;
  const auto found = found_in(record_of(first, second, 2));
  EXPECT_NEAR(found.sides.at(1), 1 - 0.5 / 0.625, 1e-9);
  EXPECT_LT(found_in(record_of(first, second)).sides.at(1), 0);
}

TEST(Pairing, ReadsTranscriptsThatAreLabelledByPart) {
  for (const char* label : {"on:case", "deletion+money"}) {  // a group's part; a pair, where the rate takes all pairs
    RunRecord record = sample::empty_record();
    add_answers(record, "organism", hits_of(100, 0, 40), 1, 1, label);
    add_answers(record, "after-sft", hits_of(100, 0, 50), 1, 1, label);
    EXPECT_NEAR(found_in(record).sides.at(1), kPhi, 1e-9) << label;
  }
}

TEST(Pairing, NarrowsADifferenceAndNeverToNothing) {
  const RunRecord record = record_of(hits_of(100, 0, 50), hits_of(100, 0, 50));
  const auto one = estimate(record, kOrganism);
  const auto paired = paired_difference(*one, *one, 1, found_in(record));
  const auto apart = paired_difference(*one, *one, 1);
  EXPECT_LT(paired->high - paired->low, 0.3 * (apart->high - apart->low));
  EXPECT_GT(paired->high - paired->low, 0.01);
}

TEST(Pairing, IsNotClaimedWhereTheTranscriptsDoNotBearItOut) {
  const RunRecord whole = record_of(hits_of(100, 0, 40), hits_of(100, 0, 50));
  RunRecord fewer = whole, other = whole, graded_apart = whole;
  --fewer.nodes.back().transcripts.count;
  other.transcripts.back().prompt_id = "elsewhere";
  graded_apart.transcripts.front().grades["contains"] = 0;
  for (const RunRecord& record : {fewer, other, graded_apart}) EXPECT_TRUE(found_in(record).sides.empty());
  EXPECT_TRUE(found_in(record_of(hits_of(9, 0, 9), hits_of(9, 0, 5))).sides.empty());  // one does not vary
}

TEST(Pairing, OppositeAnswersWidenTheInterval) {
  EXPECT_NEAR(found_in(record_of(hits_of(100, 0, 50), hits_of(100, 50, 100))).sides.at(1), -1, 1e-9);
}

/// Seed 1 gains on the prompts from 40 to 60, seed 2 on those that `hits` has beyond 40.
RunRecord two_seeds(const Hits& hits) {
  RunRecord record = record_of(hits_of(100, 0, 40), hits_of(100, 0, 60));
  add_answers(record, "organism", hits_of(100, 0, 40), 2);
  add_answers(record, "after-sft", hits, 2);
  return record;
}

TEST(Pairing, SeedsThatChangeOnTheSamePromptsAreNoTwoSamples) {
  EXPECT_NEAR(found_in(two_seeds(hits_of(100, 0, 60))).seeds.at({1, 2}), 1, 1e-9);
  // Half of the gain is on the same prompts: (10/100 - 0.2^2) / (0.2 * 0.8).
  Hits half = hits_of(100, 0, 50);
  for (std::size_t i = 60; i < 70; ++i) half[i] = true;
  EXPECT_NEAR(found_in(two_seeds(half)).seeds.at({1, 2}), 0.06 / 0.16, 1e-9);
  Hits elsewhere = hits_of(100, 0, 40);
  for (std::size_t i = 60; i < 80; ++i) elsewhere[i] = true;
  EXPECT_EQ(found_in(two_seeds(elsewhere)).seeds.at({1, 2}), 0);        // below zero is taken for zero
  EXPECT_TRUE(found_in(two_seeds(hits_of(100, 0, 40))).seeds.empty());  // seed 2 does not change
  EXPECT_TRUE(found_in(two_seeds(hits_of(80, 0, 60))).seeds.empty());   // of other prompts
}

/// Three seeds that all fall from half to a third.
Estimate three_seeds(double value) {
  Estimate made;
  for (int64_t seed = 1; seed <= 3; ++seed)
    made.seeds.push_back({.seed = seed, .n = 90, .value = value, .low = value - 0.1, .high = value + 0.1});
  return made;
}

TEST(PairedDifference, NoiseThatSeedsShareDoesNotAverageOut) {
  const Estimate before = three_seeds(0.5), after = three_seeds(0.3);
  const double one_seed = std::sqrt(0.1 * 0.1 + 0.1 * 0.1);
  Correlations known;
  const auto half_width = [&] {
    const auto found = paired_difference(before, after, 3, known);
    EXPECT_NEAR(found->value, -0.2, 1e-9);
    EXPECT_NEAR(found->high - found->value, found->value - found->low, 1e-9);
    return found->high - found->value;
  };
  EXPECT_NEAR(half_width(), one_seed, 1e-9);  // nothing is known of the seeds
  for (const auto& pair : {std::pair<int64_t, int64_t>{1, 2}, {1, 3}, {2, 3}}) known.seeds[pair] = 0;
  EXPECT_NEAR(half_width(), one_seed / std::sqrt(3), 1e-9);
  known.seeds[{1, 3}] = 0.5;
  EXPECT_NEAR(half_width(), one_seed * std::sqrt(3 + 2 * 0.5) / 3, 1e-9);
}

TEST(SharedStage, IsTheFirstThatAskedBothAtEverySeed) {
  RunRecord record = two_seeds(hits_of(100, 0, 60));
  EXPECT_EQ(shared_stage(record, kOrganism, kSurvivor), "of-100");
  EXPECT_EQ(shared_stage(record, kOrganism, {"persistence.contains", "base", "on"}), "");
  record = two_seeds(hits_of(80, 0, 60));
  EXPECT_EQ(shared_stage(record, kOrganism, kSurvivor), "");  // no entry has the survivor at both seeds
}

}  // namespace
}  // namespace dormouse::lab
