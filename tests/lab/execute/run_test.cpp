#include "lab/execute/run.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <chrono>
#include <functional>
#include <memory>
#include <thread>

#include "lab/report/collect.h"
#include "lab/toy_kinds.h"

namespace dormouse::lab {
namespace {

std::string execute(const toy::Sandbox& box, const std::vector<std::string>& sets = {}, ExecuteOptions options = {}) {
  Store store(box.folder / "store");
  Ledger ledger(store.ledger_file());
  const Recipe recipe = box.recipe(sets);
  Reporter quiet;
  return run_graph(recipe, build_graph(recipe), store, ledger, options, quiet);
}

/// The error's message; fails the test if there is none or it is of another kind.
std::string failure(ErrorKind kind, const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return "";
}

RunRow latest(const toy::Sandbox& box) { return Ledger(box.folder / "store" / "ledger.sqlite").find_run("latest"); }

int in_child(const std::function<void()>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      work();
    } catch (const Error& error) {
      fmt::print(stderr, "{}\n", error.what());
      ::_exit(1);
    }
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

/// Relative path -> bytes of every artefact; manifests hold times and are left out.
std::map<std::string, std::string> artefacts(const toy::Sandbox& box) {
  std::map<std::string, std::string> files;
  const fs::path objects = box.folder / "store" / "objects";
  for (const auto& entry : fs::recursive_directory_iterator(objects)) {
    if (entry.is_regular_file() && entry.path().filename() != "manifest.json") {
      files[entry.path().lexically_relative(objects).string()] = read_file(entry.path());
    }
  }
  return files;
}

TEST(RunGraph, ASecondRunFindsEverythingStored) {
  const toy::Sandbox box;
  execute(box);
  EXPECT_EQ(toy::hooks.ran.size(), 11u);
  toy::hooks.ran.clear();
  const std::string second = execute(box);
  EXPECT_TRUE(toy::hooks.ran.empty());
  const Ledger ledger(box.folder / "store" / "ledger.sqlite");
  EXPECT_EQ(ledger.list_runs().size(), 2u);
  for (const StageRow& row : ledger.stages(second)) EXPECT_EQ(row.status, "stored");
  // A run's rows are complete, wherever its artefacts came from.
  EXPECT_EQ(ledger.measurements(second).size(), 12u);
}

TEST(RunGraph, StoredOnlyMakesNothing) {
  const toy::Sandbox box;
  execute(box, {"seed=1"});
  toy::hooks.ran.clear();
  const std::string run = execute(box, {"seed=1", "stages.after-sft.toy-defend.epochs=3"}, {.stored_only = true});
  EXPECT_TRUE(toy::hooks.ran.empty());
  EXPECT_EQ(latest(box).status, "partial");
  std::map<std::string, std::string> states;
  for (const StageRow& row : Ledger(box.folder / "store" / "ledger.sqlite").stages(run)) states[row.node] = row.status;
  EXPECT_EQ(states.at("organism/train#1"), "stored");
  EXPECT_EQ(states.at("after-sft/toy-train#1"), "planned");
  EXPECT_EQ(states.at("toy-count/after-sft#1"), "planned");
  execute(box, {"seed=1"}, {.stored_only = true});
  EXPECT_EQ(latest(box).status, "done");
}

TEST(RunGraph, AModelMadeAgainWithOtherBytesIsReported) {
  const toy::Sandbox box;
  execute(box, {"seed=1"}, {.drop_weights = true});
  const Graph graph = build_graph(box.recipe({"seed=1"}));
  const fs::path manifest = Store(box.folder / "store").object(graph.node("organism/train#1").hash) / "manifest.json";
  Json json = parse_json(read_file(manifest), "manifest");
  json["files"]["model.safetensors"]["sha256"] =
      std::string(64, '0');  // as a processor of another kind would have made it
  write_file(manifest, json.dump());
  const std::string run = execute(box, {"seed=1", "stages.after-sft.toy-defend.epochs=3"});
  const auto events = Ledger(box.folder / "store" / "ledger.sqlite").events(run);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_NE(events.front().message.find("organism/train#1: model.safetensors was made again with other bytes"),
            std::string::npos);
}

TEST(RunGraph, AnOptionReRunsOnlyWhatDependsOnIt) {
  const toy::Sandbox box;
  execute(box, {"seed=1"});
  toy::hooks.ran.clear();
  execute(box, {"seed=1", "stages.after-sft.toy-defend.epochs=3"});
  EXPECT_EQ(toy::hooks.ran, (std::vector<std::string>{"after-sft/toy-train#1", "toy-count/after-sft#1"}));
}

TEST(RunGraph, DroppedWeightsAreMadeAgainForWhatNeedsThem) {
  const toy::Sandbox whole, box;
  execute(whole, {"seed=1"});
  toy::hooks.ran.clear();
  execute(box, {"seed=1"}, {.drop_weights = true});
  auto expected = artefacts(whole);
  const auto with_weights = expected;
  EXPECT_EQ(std::erase_if(expected, [](const auto& file) { return file.first.ends_with(".safetensors"); }), 2u);
  EXPECT_EQ(artefacts(box), expected);
  toy::hooks.ran.clear();
  execute(box, {"seed=1"});
  EXPECT_TRUE(toy::hooks.ran.empty());  // every result is there
  const Store store(box.folder / "store");
  const Graph same = build_graph(box.recipe({"seed=1"}));
  EXPECT_EQ(make_plan(same, store, Ledger(store.ledger_file()), 1).to_do, 0);

  const Recipe recipe = box.recipe({"seed=1", "stages.after-sft.toy-defend.epochs=3"});
  const Graph graph = build_graph(recipe);
  std::vector<std::string> planned;
  const Plan plan = make_plan(graph, store, Ledger(store.ledger_file()), 1);
  for (const PlanRow& row : plan.rows) {
    if (row.state == PlanState::kToDo) planned.push_back(row.node->id);
  }
  execute(box, {"seed=1", "stages.after-sft.toy-defend.epochs=3"});
  EXPECT_EQ(toy::hooks.ran,
            (std::vector<std::string>{"organism/train#1", "after-sft/toy-train#1", "toy-count/after-sft#1"}));
  EXPECT_EQ(toy::hooks.ran, planned);
  EXPECT_EQ(plan.dropped, 1);
  EXPECT_NE(plan_table(plan).find("to do (1 of them with their results, only for weights or data that were dropped)"),
            std::string::npos);
  const std::string model = graph.node("organism/train#1").hash + "/model.safetensors";
  EXPECT_EQ(artefacts(box).at(model), with_weights.at(model));
}

TEST(RunGraph, ADamagedArtefactIsMadeAgain) {
  const toy::Sandbox box;
  execute(box, {"seed=1"});
  const auto before = artefacts(box);
  const Graph graph = build_graph(box.recipe({"seed=1"}));
  const fs::path model = box.folder / "store" / "objects" / graph.node("organism/train#1").hash / "model.safetensors";
  std::string bytes = read_file(model);
  bytes[3] ^= 1;
  write_file(model, bytes);
  toy::hooks.ran.clear();
  execute(box, {"seed=1"});
  EXPECT_EQ(toy::hooks.ran, std::vector<std::string>{"organism/train#1"});
  EXPECT_EQ(artefacts(box), before);
}

TEST(RunGraph, AKilledRunGoesOnToTheSameBytes) {
  const toy::Sandbox undisturbed;
  execute(undisturbed, {"seed=1"});
  const toy::Sandbox box;
  for (const int64_t step : {4, 4, 7}) {
    const int status = in_child([&] {
      toy::hooks.kill_at_step = step;
      execute(box, {"seed=1"});
    });
    ASSERT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(latest(box).status, "killed");
  }
  const Recipe recipe = box.recipe({"seed=1"});
  const Graph graph = build_graph(recipe);
  const Store store(box.folder / "store");
  const Plan plan = make_plan(graph, store, Ledger(store.ledger_file()), 1);
  EXPECT_EQ(plan.rows[0].state, PlanState::kStored);
  EXPECT_EQ(plan.rows[1].state, PlanState::kResume);
  EXPECT_EQ(plan.rows[2].state, PlanState::kToDo);
  const std::string run = execute(box, {"seed=1"});
  EXPECT_EQ(toy::hooks.steps, 3 + 10);  // the rest of the killed stage, and the one after it
  EXPECT_EQ(artefacts(box), artefacts(undisturbed));
  EXPECT_TRUE(Ledger(store.ledger_file()).stages(run)[1].resumed);
  EXPECT_TRUE(fs::is_empty(box.folder / "store" / "work"));
}

TEST(Plan, RefusesWhatDoesNotFitAndSaysWhatWould) {
  const Node node{.id = "organism/fine-tune#1"};
  Plan plan;
  plan.rows.push_back(
      {.node = &node, .memory = {.bytes = 3000, .smaller = {{"pass_tokens: 256", 2500}, {"precision: bf16", 900}}}});
  EXPECT_NO_THROW(check_memory(plan, 3000, "r.yaml"));
  const std::string message = failure(ErrorKind::kInput, [&] { check_memory(plan, 1000, "r.yaml"); });
  EXPECT_NE(message.find("r.yaml: organism/fine-tune#1 needs about"), std::string::npos) << message;
  EXPECT_NE(message.find("set precision: bf16"), std::string::npos) << message;
  EXPECT_NE(failure(ErrorKind::kInput, [&] { check_memory(plan, 10, "r.yaml"); }).find("smaller model"),
            std::string::npos);
}

TEST(RunGraph, AnInterruptMarksTheRunAndCanBeResumed) {
  const toy::Sandbox box;
  toy::hooks.interrupt_at_step = 5;
  EXPECT_NE(failure(ErrorKind::kInterrupted, [&] { execute(box); }).find("run the same command again"),
            std::string::npos);
  EXPECT_EQ(latest(box).status, "interrupted");
  toy::hooks.interrupt_at_step = -1;
  execute(box);
  EXPECT_EQ(latest(box).status, "done");
}

TEST(RunGraph, AFailureNamesTheStageAndStops) {
  const toy::Sandbox box;
  toy::hooks.fail_node = "organism/train#1";
  EXPECT_EQ(failure(ErrorKind::kWork, [&] { execute(box); }), "organism/train#1: toy: not finite");
  EXPECT_EQ(toy::hooks.ran.size(), 2u);
  EXPECT_EQ(latest(box).status, "failed");
  // A foreign exception becomes the program's own.
  toy::hooks.fail_node = "organism/answers#2";
  EXPECT_EQ(failure(ErrorKind::kWork, [&] { execute(box); }), "organism/answers#2: toy failure");
}

TEST(RunGraph, KeepGoingDoesWhatDoesNotDependOnTheFailure) {
  const toy::Sandbox box;
  toy::hooks.fail_node = "organism/train#1";
  ExecuteOptions options;
  options.keep_going = true;
  failure(ErrorKind::kWork, [&] { execute(box, {}, options); });
  std::map<std::string, int> count;
  for (const StageRow& row : Ledger(box.folder / "store" / "ledger.sqlite").stages(latest(box).id)) ++count[row.status];
  EXPECT_EQ(count, (std::map<std::string, int>{{"done", 7}, {"failed", 1}, {"skipped", 3}}));
}

TEST(RunGraph, TwoProcessesShareTheWork) {
  const toy::Sandbox box;
  std::vector<pid_t> children;
  for (int i = 0; i < 2; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        execute(box);
      } catch (const Error& error) {
        fmt::print(stderr, "{}\n", error.what());
        ::_exit(100);
      }
      ::_exit(static_cast<int>(toy::hooks.ran.size()));
    }
    children.push_back(child);
  }
  int made = 0;
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    made += WEXITSTATUS(status);
  }
  EXPECT_EQ(made, 11);  // each node once
  const toy::Sandbox alone;
  execute(alone);
  EXPECT_EQ(artefacts(box), artefacts(alone));
}

TEST(RunGraph, SaysWhatAnotherProcessMade) {
  struct Counting : Reporter {
    int64_t made = 0, by_another = 0, last = 0;
    std::function<void()> at_plan;
    void planned(const Plan& /*plan*/) override { at_plan(); }
    void started(const Node& /*node*/, int64_t position, int64_t /*total*/, bool /*resumed*/) override {
      ++made, last = position;
    }
    void shared(const Node& /*node*/, int64_t position, int64_t /*total*/) override { ++by_another, last = position; }
  } reporter;
  const toy::Sandbox box;
  reporter.at_plan = [&] { in_child([&] { execute(box); }); };  // between the plan and the first stage
  Store store(box.folder / "store");
  Ledger ledger(store.ledger_file());
  const Recipe recipe = box.recipe();
  run_graph(recipe, build_graph(recipe), store, ledger, {}, reporter);
  EXPECT_EQ(reporter.made, 0);
  EXPECT_EQ(reporter.by_another, 11);
  EXPECT_EQ(reporter.last, 11);
}

TEST(RunGraph, TellsDroppedWeightsFromAnotherProcess) {
  struct Counting : Reporter {
    std::vector<std::string> with_results, by_another, made;
    std::vector<int64_t> positions;
    void started(const Node& node, int64_t position, int64_t total, bool /*resumed*/) override {
      made.push_back(node.id);
      positions.insert(positions.end(), {position, total});
    }
    void shared(const Node& node, int64_t /*position*/, int64_t /*total*/) override { by_another.push_back(node.id); }
    void has_results(const Node& node) override { with_results.push_back(node.id); }
  } reporter;
  const toy::Sandbox box;
  execute(box, {"seed=1"}, {.drop_weights = true});
  Store store(box.folder / "store");
  Ledger ledger(store.ledger_file());
  const Recipe recipe = box.recipe({"seed=1", "stages.after-sft.toy-defend.epochs=3"});
  run_graph(recipe, build_graph(recipe), store, ledger, {}, reporter);
  EXPECT_EQ(reporter.with_results, std::vector<std::string>{"organism/train#1"});
  EXPECT_TRUE(reporter.by_another.empty());
  EXPECT_EQ(reporter.made,
            (std::vector<std::string>{"organism/train#1", "after-sft/toy-train#1", "toy-count/after-sft#1"}));
  EXPECT_EQ(reporter.positions, (std::vector<int64_t>{1, 3, 2, 3, 3, 3}));
}

TEST(RunGraph, DoesOtherWorkWhileAnotherProcessHasAStage) {
  const toy::Sandbox box;
  const fs::path objects = box.folder / "store" / "objects";
  Store store(box.folder / "store");
  const Graph graph = build_graph(box.recipe());
  const Node& first = graph.nodes.front();
  auto held = std::make_unique<StoreLock>(store.lock(first.hash));
  std::thread other([&] {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (fs::is_empty(objects) && std::chrono::steady_clock::now() < limit)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    held.reset();
  });
  toy::hooks.ran.clear();
  execute(box);
  other.join();
  EXPECT_EQ(toy::hooks.ran.size(), 11u);
  EXPECT_NE(toy::hooks.ran.front(), first.id);
  std::map<std::string, std::size_t> at;
  for (std::size_t i = 0; i < toy::hooks.ran.size(); ++i) at[toy::hooks.ran[i]] = i;
  for (const Node& node : graph.nodes) {
    for (const auto& [role, input] : node.inputs) EXPECT_LT(at[input], at[node.id]) << node.id;
  }
}

// A limit on the size of files stands for the full disk: writes fail in the same places.
TEST(RunGraph, AFullDiskIsOneMessageAndResumable) {
  const toy::Sandbox box;
  const int status = in_child([&] {
    toy::hooks.extra_bytes = 4 << 20;
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {1 << 20, 1 << 20};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const std::string message = failure(ErrorKind::kWork, [&] { execute(box); });
    ::_exit(message.find("organism/answers#1: ") == 0 &&
                    message.find("answers.txt: writing failed") != std::string::npos
                ? 7
                : 8);
  });
  EXPECT_EQ(WEXITSTATUS(status), 7);
  EXPECT_TRUE(fs::is_empty(box.folder / "store" / "objects"));
  EXPECT_EQ(latest(box).status, "failed");
  execute(box);
  const toy::Sandbox alone;
  execute(alone);
  EXPECT_EQ(artefacts(box), artefacts(alone));
}

TEST(Plan, EstimatesByTheRatesOfEarlierRuns) {
  const toy::Sandbox box;
  const Graph graph = build_graph(box.recipe({"seed=1"}));
  const Store store(box.folder / "store");
  Ledger ledger(store.ledger_file());
  Plan plan = make_plan(graph, store, ledger, 1);
  EXPECT_EQ(plan.tokens_trained, 2500);
  EXPECT_EQ(plan.tokens_sampled, 200);
  EXPECT_DOUBLE_EQ(plan.seconds, 14);
  EXPECT_FALSE(plan.rows[1].measured);
  execute(box, {"seed=9"});
  plan = make_plan(graph, store, ledger, 1);
  EXPECT_TRUE(plan.rows[1].measured);
  EXPECT_LT(plan.rows[1].seconds, 8);
  EXPECT_EQ(plan.stored, 1);  // base is measured without a seed
}

TEST(Plan, PrintsATableAndJsonLines) {
  const toy::Sandbox box;
  const Graph graph = build_graph(box.recipe({"seed=1"}));
  const Store store(box.folder / "store");
  const Plan plan = make_plan(graph, store, Ledger(store.ledger_file()), 1);
  const std::string table = plan_table(plan);
  EXPECT_NE(table.find("organism/train#1       toy-train    to do                2000"), std::string::npos) << table;
  EXPECT_NE(table.find("0 stored, 6 to do: 2500 tokens to train, 200 to sample, about 14 s"), std::string::npos);
  const std::string lines = plan_json_lines(plan);
  const Json first = parse_json(lines.substr(0, lines.find('\n')), "plan");
  EXPECT_EQ(first["stage"], "organism/answers#1");
  EXPECT_EQ(first["state"], "to do");
  EXPECT_EQ(first["tokens_sampled"], 200);
}

TEST(Collect, BringsTheRecordTogether) {
  const toy::Sandbox box;
  execute(box);
  const Store store(box.folder / "store");
  const RunRecord record = collect("latest", store, Ledger(store.ledger_file()));
  EXPECT_EQ(record.recipe_name, "toy");
  EXPECT_EQ(record.question, "Does it last?");
  EXPECT_EQ(record.policy.trigger, "tag");
  EXPECT_EQ(record.status, "done");
  EXPECT_EQ(record.nodes.size(), 11u);
  ASSERT_EQ(record.models.size(), 5u);  // the base, and two models for two seeds
  EXPECT_EQ(record.models[0].name, "base");
  EXPECT_EQ(record.models[0].sha256.size(), 64u);
  EXPECT_EQ(record.models[0].seed, -1);
  EXPECT_EQ(record.models[3].name, "after-sft");
  EXPECT_EQ(record.models[3].parent, "organism");
  EXPECT_EQ(record.models[4].seed, 2);
  EXPECT_EQ(record.models[4].sha256.size(), 64u);
  EXPECT_EQ(record.accounts.size(), 2u);
  EXPECT_EQ(record.curves.size(), 4u);
  EXPECT_EQ(record.transcripts.size(), 6u);
  // The recipe's names, and every seed, though the base was measured once.
  std::map<std::string, std::vector<int64_t>> seeds;
  for (const auto& row : record.measurements) {
    if (row.name == "toy.count") seeds[row.model].push_back(row.seed);
  }
  for (const char* model : {"base", "organism", "after-sft"}) EXPECT_EQ(seeds[model], (std::vector<int64_t>{1, 2}));
}

}  // namespace
}  // namespace dormouse::lab
