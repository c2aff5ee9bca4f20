#include "lab/execute/gpu_hours.h"

#include <gtest/gtest.h>

#include "engine/smollm2_config.h"
#include "lab/execute/run.h"
#include "lab/toy_kinds.h"

namespace dormouse::lab {
namespace {

// The toy recipe for a model that is a config.json.
struct AbsentPlan {
  AbsentPlan() { write_file(box.folder / "config.json", toy::kConfig); }

  Plan make() {
    Plan plan = make_plan(graph(), store, ledger, 1);
    add_gpu_hours(plan, graph(), {.gpu = "A100"});
    return plan;
  }
  const Graph& graph() {
    if (made.nodes.empty()) made = build_graph(recipe());
    return made;
  }
  Recipe recipe() const { return box.recipe({"seed=1", "models.base=config.json"}); }

  const toy::Sandbox box;
  Store store{box.folder / "store"};
  Ledger ledger{store.ledger_file()};
  Graph made;
};

TEST(GpuHours, AreFlopsOverAShareOfThePeak) {
  const GpuAssumption assumed{.gpu = "A100", .training = 0.5, .sampling = 0.25};
  constexpr double kWeights = 106'168'320 + 28'311'552, kPeak = 312e12;  // of SmolLM2-135M, all of its matrices
  const double trained = gpu_hours({.tokens_trained = 1'000'000'000}, smollm2_135m(), assumed);
  EXPECT_NEAR(trained, 6 * kWeights * 1e9 / (0.5 * kPeak) / 3600, 1e-9);
  const double sampled = gpu_hours({.tokens_sampled = 1'000'000'000}, smollm2_135m(), assumed);
  EXPECT_NEAR(sampled, 2 * kWeights * 1e9 / (0.25 * kPeak) / 3600, 1e-9);
  EXPECT_NEAR(gpu_hours({.tokens_trained = 1'000'000'000, .tokens_sampled = 1'000'000'000}, smollm2_135m(), assumed),
              trained + sampled, 1e-9);
}

TEST(GpuHours, OfAPlanAreThoseOfItsRows) {
  AbsentPlan absent;
  const Plan plan = absent.make();
  double sum = 0;
  for (const PlanRow& row : plan.rows) {
    EXPECT_EQ(row.gpu_hours > 0, row.node->cost.tokens_trained + row.node->cost.tokens_sampled > 0) << row.node->id;
    sum += row.gpu_hours;
  }
  EXPECT_GT(sum, 0);
  EXPECT_DOUBLE_EQ(plan.gpu_hours, sum);
}

TEST(GpuHours, AnUnknownGpuNamesThoseThatAreKnown) {
  AbsentPlan absent;
  Plan plan;
  try {
    add_gpu_hours(plan, absent.graph(), {.gpu = "B1OO"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("A100"), std::string::npos) << error.what();
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
  }
}

TEST(GpuHours, ThePlanStatesWhatTheyRestOn) {
  AbsentPlan absent;
  const Plan plan = absent.make();
  const std::string table = plan_table(plan);
  EXPECT_NE(table.find("not on this machine: config.json"), std::string::npos) << table;
  EXPECT_NE(table.find("of one A100, at 40% of its 312 TFLOP/s"), std::string::npos) << table;
  EXPECT_EQ(table.find("about 14 s"), std::string::npos) << "a time for a model that is not here";
  const std::string lines = plan_json_lines(plan);
  const Json first = parse_json(lines.substr(0, lines.find('\n')), "plan");
  EXPECT_EQ(first["tentative"], true);
  EXPECT_TRUE(first["seconds"].is_null());
  EXPECT_GT(first["gpu_hours"], 0.0);
  const std::size_t last_line = lines.rfind('\n', lines.size() - 2) + 1;
  const Json last = parse_json(lines.substr(last_line, lines.size() - 1 - last_line), "plan");
  EXPECT_EQ(last["training_utilisation"], 0.4);
  EXPECT_EQ(last["absent"], Json::array({"config.json"}));
}

TEST(RunGraph, RefusesWhatIsAbsentBeforeAnythingIsWritten) {
  AbsentPlan absent;
  Reporter quiet;
  try {
    run_graph(absent.recipe(), absent.graph(), absent.store, absent.ledger, {}, quiet);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_NE(std::string(error.what()).find("give the model's folder"), std::string::npos) << error.what();
  }
  EXPECT_TRUE(absent.ledger.list_runs().empty());
  EXPECT_TRUE(toy::hooks.ran.empty());
}

}  // namespace
}  // namespace dormouse::lab
