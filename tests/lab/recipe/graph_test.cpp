#include "lab/recipe/graph.h"

#include <gtest/gtest.h>

#include <set>

#include "lab/toy_kinds.h"

namespace dormouse::lab {
namespace {

std::vector<std::string> ids(const Graph& graph) {
  std::vector<std::string> list;
  for (const Node& node : graph.nodes) list.push_back(node.id);
  return list;
}

std::set<std::string> hashes(const Graph& graph) {
  std::set<std::string> list;
  for (const Node& node : graph.nodes) list.insert(node.hash);
  return list;
}

TEST(Graph, ExpandsEverySeedAndSharesWhatTheSeedDoesNotTouch) {
  const toy::Sandbox box;
  const Graph graph = build_graph(box.recipe());
  EXPECT_EQ(ids(graph), (std::vector<std::string>{"organism/answers#1", "organism/train#1", "after-sft/toy-train#1",
                                                  "toy-count/base", "toy-count/organism#1", "toy-count/after-sft#1",
                                                  "organism/answers#2", "organism/train#2", "after-sft/toy-train#2",
                                                  "toy-count/organism#2", "toy-count/after-sft#2"}));
  const Node& shared = graph.node("toy-count/base");
  ASSERT_EQ(shared.uses.size(), 2u);
  EXPECT_EQ(shared.uses[1].seed, 2);
  EXPECT_EQ(shared.uses[1].names.at("model"), "base");
  EXPECT_TRUE(graph.node("organism/train#2").uses[0].output);
  EXPECT_FALSE(graph.node("organism/answers#2").uses[0].output);
}

TEST(Graph, NamesAndPathsAreNotPartOfTheHash) {
  const toy::Sandbox box, elsewhere;
  const std::string renamed = R"(name: other
seeds: [1, 2]
models: { start: base.gguf }
stages:
  grown: { toy-plant: { base: start, prompts: train.txt } }
  survivor: { toy-defend: { model: grown } }
measure:
  - toy-count: { models: [start, grown, survivor], prompts: test.txt }
)";
  EXPECT_EQ(hashes(build_graph(box.recipe())), hashes(build_graph(elsewhere.recipe({}, renamed))));
}

TEST(Graph, AnOptionAndAFileReachExactlyWhatDependsOnThem) {
  const toy::Sandbox box;
  const Graph before = build_graph(box.recipe());
  const auto changed = [&](const Graph& after) {
    std::set<std::string> names;
    for (const Node& node : after.nodes) {
      if (!hashes(before).contains(node.hash)) names.insert(node.id);
    }
    return names;
  };
  EXPECT_EQ(changed(build_graph(box.recipe({"stages.after-sft.toy-defend.epochs=2", "seed=1"}))),
            (std::set<std::string>{"after-sft/toy-train#1", "toy-count/after-sft#1"}));
  write_file(box.folder / "test.txt", "another\n");
  EXPECT_EQ(changed(build_graph(box.recipe({"seed=1"}))),
            (std::set<std::string>{"toy-count/base", "toy-count/organism#1", "toy-count/after-sft#1"}));
}

TEST(Graph, EqualStagesAreOneNodeWithTwoUses) {
  const toy::Sandbox box;
  const Graph graph = build_graph(box.recipe({}, R"(name: x
models: { base: base.gguf }
stages:
  a: { toy-defend: { model: base } }
  b: { toy-defend: { model: base } }
)"));
  ASSERT_EQ(graph.nodes.size(), 1u);
  EXPECT_EQ(graph.nodes[0].uses.size(), 2u);
  EXPECT_TRUE(graph.nodes[0].uses[1].output);
  const auto uses = uses_from_json(uses_to_json(graph.nodes[0].uses), "test");
  EXPECT_EQ(uses, graph.nodes[0].uses);
}

TEST(Graph, ResolvedRecipeGivesTheSameGraph) {
  const toy::Sandbox box;
  const Recipe recipe = box.recipe();
  EXPECT_EQ(hashes(build_graph(recipe)), hashes(build_graph(box.recipe({}, resolved_yaml(recipe)))));
}

// Everything that was ever stored is found by these hashes: a change here throws away every user's work.
TEST(Graph, HashesAreStable) {
  const toy::Sandbox box;
  const Graph graph = build_graph(box.recipe({"seed=1"}));
  EXPECT_EQ(canonical_json(graph.nodes[0].identity),
            R"({"files":{"model":"9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c",)"
            R"("prompts":"911169ddaaf146aff539f58c26c489af3b892dff0fe283c1c264c65ae5aa59a2"},)"
            R"("inputs":{},"kind":"toy-answers","options":{"samples":2},"seed":1,"version":1})");
  EXPECT_EQ(graph.node("toy-count/after-sft#1").hash,
            "629c0956b5f75bec834bbe83e48a68dd82e0f2292192e6fe92ab21edf3132b2f");
}

TEST(Graph, MissingFilesNameTheLine) {
  const toy::Sandbox box;
  const auto message = [&](const std::string& set) -> std::string {
    try {
      build_graph(box.recipe({set}));
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_NE(message("models.base=nowhere.gguf").find("model `nowhere.gguf`"), std::string::npos);
  EXPECT_NE(message("stages.organism.toy-plant.prompts=everyday/trian").find("did you mean `everyday/train`"),
            std::string::npos);
  fs::remove(box.folder / "train.txt");
  EXPECT_NE(message("seed=1").find("toy.yaml:7: unknown prompt set `train.txt`"), std::string::npos);
}

TEST(Graph, AnAbsentModelMakesItsNodesTentative) {
  const toy::Sandbox box;
  write_file(box.folder / "config.json", toy::kConfig);
  const Graph here = build_graph(box.recipe({"seed=1"}));
  const Graph absent = build_graph(box.recipe({"seed=1", "models.base=config.json"}));
  for (const Node& node : here.nodes) EXPECT_FALSE(node.tentative) << node.id;
  for (const Node& node : absent.nodes) EXPECT_TRUE(node.tentative) << node.id;
  for (const auto& hash : hashes(absent)) EXPECT_FALSE(hashes(here).contains(hash));
  EXPECT_EQ(absent.nodes[0].identity["files"]["model"], "absent: config.json");  // no sum: 64 hex digits
  ASSERT_EQ(absent_files(absent).size(), 1u);
  EXPECT_EQ(absent_files(absent)[0].shape.hidden_size, 64);
  EXPECT_NO_THROW(require_present(here));
  EXPECT_THROW(require_present(absent), Error);
}

TEST(Graph, AFileOfPromptsMayBeAbsentAndANameMayNot) {
  const toy::Sandbox box;
  const Graph graph = build_graph(box.recipe({"seed=1", "measure.0.toy-count.prompts=data/test.jsonl"}));
  EXPECT_FALSE(graph.node("organism/train#1").tentative);
  EXPECT_TRUE(graph.node("toy-count/organism#1").tentative);
  ASSERT_EQ(absent_files(graph).size(), 1u);
  EXPECT_EQ(absent_files(graph)[0].name, "data/test.jsonl");
  EXPECT_TRUE(absent_files(graph)[0].place.ends_with("toy.yaml:13")) << absent_files(graph)[0].place;
}

TEST(Graph, AnAbsentFileIsToBeHadAsTheRecipesHeadSays) {
  const toy::Sandbox box;
  const auto next = [&](const std::string& head) {
    write_file(box.folder / "toy.yaml", head + toy::kRecipe);
    const Recipe recipe = load_recipe(box.folder / "toy.yaml", {"measure.0.toy-count.prompts=data/test.jsonl"});
    return absent_files(build_graph(recipe)).at(0).next;
  };
  EXPECT_TRUE(next("# A test.\n# Data:   somewhere\n").starts_with("see `Data:` at the head of "));
  EXPECT_TRUE(next("# A test.\n").ends_with("toy.yaml"));
  EXPECT_TRUE(next("").starts_with("check the path"));
}

// Reads its prompts while the graph is built, as personas and capability do.
struct ReadingStage : toy::CountStage {
  std::string name() const override { return "toy-reading"; }
  std::string expand(const StageEntry& entry, GraphBuilder& builder) const override {
    read_file(builder.prompts(entry.options_as<toy::CountOptions>().prompts, "prompts"));
    return "";
  }
};
const RegisterStage reading_stage{std::make_unique<ReadingStage>()};

TEST(Graph, WhatIsWrongInANamedFileIsSaidWithTheLineThatNamesIt) {
  const toy::Sandbox box;
  const std::string text =
      "name: x\nmodels: { base: base.gguf }\nmeasure:\n  - toy-reading:\n      models: [base]\n      "
      "prompts: evals/x.jsonl\n";
  try {
    build_graph(box.recipe({}, text));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("toy.yaml:6: evals/x.jsonl: cannot be read"), std::string::npos)
        << error.what();
  }
}

TEST(Graph, AModelFolderIsKnownByItsVisibleFiles) {
  const toy::Sandbox box;
  make_folders(box.folder / "model" / ".cache");
  write_file(box.folder / "model" / "weights", "w");
  const auto hash = [&] { return build_graph(box.recipe({"models.base=model", "seed=1"})).nodes[0].hash; };
  const std::string before = hash();
  write_file(box.folder / "model" / ".cache" / "junk", "x");
  EXPECT_EQ(hash(), before);
  write_file(box.folder / "model" / "weights", "v");
  EXPECT_NE(hash(), before);
}

}  // namespace
}  // namespace dormouse::lab
