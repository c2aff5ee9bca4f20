#include "lab/store/ledger.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cmath>

#include "lab/store/sqlite.h"
#include "lab/toy_kinds.h"

namespace dormouse::lab {
namespace {

RunRow run_row() {
  RunRow row;
  row.recipe = "toy";
  row.resolved_yaml = "name: toy\n";
  row.facts = {{"question", "why"}};
  row.cpu = "cpu";
  row.threads = 2;
  row.argv = {"dormouse", "run", "toy.yaml"};
  return row;
}

StageRow stage_row(const std::string& node, const std::string& status) {
  StageRow row;
  row.node = node;
  row.hash = std::string(64, 'a');
  row.kind = "train";
  row.speed_class = "135M";
  row.status = status;
  return row;
}

TEST(Ledger, KeepsRunsStagesMeasurementsAndEvents) {
  const toy::Sandbox box;
  std::string id;
  {
    Ledger ledger(box.folder / "ledger.sqlite");
    id = ledger.start_run(run_row());
    ledger.put_stages(id, {stage_row("b/train#1", "planned"), stage_row("a/train#1", "planned")});
    StageRow row = stage_row("b/train#1", "done");
    row.seconds = 2.5;
    row.counters = {{"tokens_trained", 50}};
    ledger.put_stage(id, row);
    measure::Measurement scored, unscored;
    scored.name = unscored.name = "m";
    scored.model = "base";
    scored.trigger = "on";
    scored.n = 3;
    scored.value = 0.1 + 0.2;
    scored.step = 40;
    unscored.value = std::nan("");
    ledger.add_measurements(id, "b/train#1", {scored, unscored});
    ledger.add_event(id, "warning", "odd");
    ledger.finish_run(id, "done");
  }
  const Ledger ledger(box.folder / "ledger.sqlite");
  const RunRow run = ledger.find_run("latest");
  EXPECT_EQ(run.id, id);
  EXPECT_EQ(run.status, "done");
  EXPECT_EQ(run.facts["question"], "why");
  EXPECT_EQ(run.argv.size(), 3u);
  EXPECT_GE(run.finished, run.started);
  const auto stages = ledger.stages(id);
  ASSERT_EQ(stages.size(), 2u);
  EXPECT_EQ(stages[0].node, "b/train#1");  // in the order of execution
  EXPECT_EQ(stages[0].status, "done");
  EXPECT_EQ(stages[0].counters["tokens_trained"], 50);
  const auto rows = ledger.measurements(id);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].value, 0.1 + 0.2);
  EXPECT_EQ(rows[0].step, 40);
  EXPECT_TRUE(std::isnan(rows[1].value));  // unscored is not zero
  ASSERT_EQ(ledger.events(id).size(), 1u);
  EXPECT_EQ(ledger.events(id)[0].message, "odd");
}

TEST(Ledger, FindsRunsByUniquePrefix) {
  const toy::Sandbox box;
  Ledger ledger(box.folder / "ledger.sqlite");
  EXPECT_THROW(ledger.find_run("latest"), Error);
  const std::string first = ledger.start_run(run_row()), second = ledger.start_run(run_row());
  EXPECT_EQ(ledger.find_run(first).id, first);
  EXPECT_EQ(ledger.find_run(second.substr(0, 21)).id, second);
  EXPECT_EQ(ledger.list_runs()[0].id, second);
  EXPECT_THROW(ledger.find_run(first.substr(0, 8)), Error);  // both
  EXPECT_THROW(ledger.find_run("nothing"), Error);
  EXPECT_THROW(ledger.find_run(""), Error);
}

TEST(Ledger, ADeadProcessLeavesAKilledRun) {
  const toy::Sandbox box;
  const pid_t child = ::fork();
  if (child == 0) {
    Ledger(box.folder / "ledger.sqlite").start_run(run_row());
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  Ledger ledger(box.folder / "ledger.sqlite");
  EXPECT_EQ(ledger.find_run("latest").status, "killed");
  ledger.start_run(run_row());
  EXPECT_EQ(ledger.find_run("latest").status, "running");
}

TEST(Ledger, RatesComeFromUndisturbedWorkOnTheSameMachine) {
  const toy::Sandbox box;
  Ledger ledger(box.folder / "ledger.sqlite");
  const std::string run = ledger.start_run(run_row());
  StageRow row = stage_row("a", "done");
  row.seconds = 4;
  row.counters = {{"tokens_trained", 300}, {"tokens_sampled", 100}};
  ledger.put_stage(run, row);
  row.node = "b";
  row.resumed = true;  // all tokens, but only the last part's time
  row.seconds = 0.1;
  ledger.put_stage(run, row);
  row = stage_row("c", "stored");
  row.seconds = 1;
  ledger.put_stage(run, row);
  EXPECT_EQ(ledger.rate("train", "135M", "cpu", 2).stages, 1);
  EXPECT_DOUBLE_EQ(ledger.rate("train", "135M", "cpu", 2).tokens_per_second, 100);
  EXPECT_DOUBLE_EQ(ledger.rate("train", "135M", "cpu", 2).seconds, 4);
  EXPECT_EQ(ledger.rate("train", "7B", "cpu", 2).stages, 0);
  EXPECT_EQ(ledger.rate("train", "135M", "other", 2).stages, 0);
  EXPECT_EQ(ledger.rate("train", "135M", "cpu", 4).stages, 0);
}

TEST(Ledger, RefusesWhatItCannotRead) {
  const toy::Sandbox box;
  const auto refusal = [&](const std::string& name) -> std::string {
    try {
      const Ledger ledger(box.folder / name);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      return error.what();
    }
    return "no error";
  };
  write_file(box.folder / "junk.sqlite", std::string(5000, 'j'));
  EXPECT_NE(refusal("junk.sqlite").find("is no ledger, or a damaged one"), std::string::npos);
  EXPECT_NE(refusal("junk.sqlite").find("next: move it away"), std::string::npos);
  Sqlite(box.folder / "other.sqlite").run("CREATE TABLE birds(name TEXT)");
  EXPECT_NE(refusal("other.sqlite").find("is a database, but no ledger"), std::string::npos);
  Sqlite(box.folder / "newer.sqlite").run("PRAGMA user_version = 99");
  EXPECT_THROW(Ledger(box.folder / "newer.sqlite"), Error);
  EXPECT_THROW(Ledger(box.folder / "no" / "folder.sqlite"), Error);
}

TEST(Ledger, ReadingMakesNoFile) {
  const toy::Sandbox box;
  const fs::path file = box.folder / "ledger.sqlite";
  EXPECT_TRUE(Ledger::to_read(file).list_runs().empty());
  EXPECT_FALSE(fs::exists(file));
  Ledger(file).start_run(run_row());
  EXPECT_EQ(Ledger::to_read(file).list_runs().size(), 1u);
}

TEST(Ledger, ProcessesWriteAtOnce) {
  const toy::Sandbox box;
  constexpr int kProcesses = 4, kRows = 25;
  std::vector<pid_t> children;
  for (int i = 0; i < kProcesses; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        Ledger ledger(box.folder / "ledger.sqlite");
        const std::string run = ledger.start_run(run_row());
        for (int row = 0; row < kRows; ++row) ledger.add_event(run, "info", "x");
        ::_exit(0);
      } catch (const Error& error) {
        fmt::print(stderr, "{}\n", error.what());
        ::_exit(1);
      }
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  const Ledger ledger(box.folder / "ledger.sqlite");
  ASSERT_EQ(ledger.list_runs().size(), static_cast<std::size_t>(kProcesses));
  for (const RunRow& run : ledger.list_runs()) EXPECT_EQ(ledger.events(run.id).size(), static_cast<std::size_t>(kRows));
}

}  // namespace
}  // namespace dormouse::lab
