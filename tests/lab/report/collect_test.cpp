// Which rows of a record came from which entry of the recipe.
#include "lab/report/collect.h"

#include <gtest/gtest.h>

#include "lab/execute/run.h"
#include "lab/toy_kinds.h"

namespace dormouse::lab {
namespace {

constexpr const char* kTwice = R"(name: toy
seeds: [1, 2]
models:
  base: base.gguf
stages:
  organism:
    toy-plant: { base: base, prompts: train.txt }
measure:
  - toy-count: { models: [base, organism], prompts: test.txt }
  - toy-count: { models: [organism], prompts: test.txt, samples: 60 }
)";

class CollectRows : public testing::Test {
 protected:
  CollectRows() : store_(box_.folder / "store"), ledger_(store_.ledger_file()) {
    const Recipe recipe = box_.recipe({}, kTwice);
    Reporter quiet;
    run_graph(recipe, build_graph(recipe), store_, ledger_, {}, quiet);
  }

  const toy::Sandbox box_;
  Store store_;
  Ledger ledger_;
};

TEST_F(CollectRows, SayWhichEntryAskedForThem) {
  const RunRecord record = collect("latest", store_, ledger_);
  std::size_t measurements = 0, transcripts = 0;
  for (const NodeInfo& node : record.nodes) {
    if (node.kind != "toy-count") {
      EXPECT_EQ(node.measurements.count + node.transcripts.count, 0u) << node.id;
      continue;
    }
    const std::string entry = node.options["samples"] == 60 ? "toy-count-2" : "toy-count";
    EXPECT_TRUE(node.is_of(entry)) << node.id;
    EXPECT_EQ(node.stages.size(), node.measurements.count / 2) << node.id;  // two names, once for each seed
    EXPECT_EQ(node.measurements.first, measurements);
    EXPECT_EQ(node.transcripts.first, transcripts);
    measurements += node.measurements.count, transcripts += node.transcripts.count;
    for (std::size_t i = 0; i < node.transcripts.count; ++i)
      EXPECT_EQ(record.transcripts[node.transcripts.first + i].prompt_id, "p1");
  }
  EXPECT_EQ(measurements, record.measurements.size());
  EXPECT_EQ(transcripts, record.transcripts.size());
  EXPECT_EQ(measurements, ledger_.measurements(record.run_id).size());
}

TEST_F(CollectRows, AreKeptByTheLedgerWhenTheArtefactIsGone) {
  const RunRecord whole = collect("latest", store_, ledger_);
  const auto lost = std::find_if(whole.nodes.begin(), whole.nodes.end(),
                                 [](const NodeInfo& node) { return node.is_of("toy-count"); });
  ASSERT_NE(lost, whole.nodes.end());
  fs::remove_all(store_.object(lost->hash));
  const RunRecord record = collect("latest", store_, ledger_);
  EXPECT_EQ(record.nodes.size(), whole.nodes.size() - 1);
  EXPECT_EQ(record.measurements.size(), whole.measurements.size());
  EXPECT_EQ(record.transcripts.size(), whole.transcripts.size() - lost->transcripts.count);
}

}  // namespace
}  // namespace dormouse::lab
