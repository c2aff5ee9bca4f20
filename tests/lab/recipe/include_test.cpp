#include "lab/recipe/include.h"

#include <gtest/gtest.h>

#include <set>

#include "lab/toy_kinds.h"

namespace dormouse::lab {
namespace {

constexpr const char* kPlanted = R"(name: planted
seeds: [7]
models: { base: base.gguf }
stages:
  organism: { toy-plant: { base: base, prompts: train.txt } }
measure:
  - toy-count: { models: [base, organism], prompts: test.txt }
report: { question: "Not this one?" }
)";

// The same organism, with its keys in another order, and more.
constexpr const char* kDefended = R"(name: defended
models: { base: base.gguf }
stages:
  organism: { toy-plant: { prompts: train.txt, base: base } }
  after-sft: { toy-defend: { model: organism } }
measure:
  - toy-count: { prompts: test.txt, models: [base, organism] }
  - toy-count: { models: [after-sft], prompts: test.txt }
)";

constexpr const char* kBoth = R"(name: both
seeds: [1, 2]
include: [planted.yaml, sub/defended.yaml]
report: { question: "This one?" }
)";

class Include : public testing::Test {
 protected:
  Include() {
    write("planted.yaml", kPlanted);
    write("sub/defended.yaml", kDefended);
  }

  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((box.folder / name).parent_path());
    write_file(box.folder / name, text);
  }

  /// The message without the sandbox's folder, so that places read as "toy.yaml:3".
  std::string error_of(const std::string& text, const std::vector<std::string>& sets = {}) const {
    try {
      box.recipe(sets, text);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      std::string message = error.what();
      const std::string folder = box.folder.string() + "/";
      for (std::size_t at; (at = message.find(folder)) != std::string::npos;) message.erase(at, folder.size());
      return message;
    }
    return "no error";
  }

  toy::Sandbox box;
};

TEST_F(Include, MergesModelsStagesAndMeasurementsAndNothingElse) {
  const Recipe recipe = box.recipe({}, kBoth);
  EXPECT_EQ(recipe.name, "both");
  EXPECT_EQ(recipe.seeds, (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(recipe.report.question, "This one?");
  ASSERT_EQ(recipe.models.size(), 1u);
  ASSERT_EQ(recipe.stages.size(), 2u);
  EXPECT_EQ(recipe.stages[0].name + " " + recipe.stages[1].name, "organism after-sft");
  ASSERT_EQ(recipe.measures.size(), 2u);  // the one that stands in both counts once
  EXPECT_EQ(recipe.measures[1].references, std::vector<std::string>{"after-sft"});
  EXPECT_TRUE(recipe.stages[1].place.ends_with("sub/defended.yaml:5")) << recipe.stages[1].place;
}

TEST_F(Include, ItsWorkIsThatOfTheIncludedRecipes) {
  const auto hashes = [&](const Recipe& recipe) {
    std::set<std::string> all;
    for (const Node& node : build_graph(recipe).nodes) all.insert(node.hash);
    return all;
  };
  auto apart = hashes(box.recipe({"seeds=[1, 2]"}, kPlanted));
  apart.merge(hashes(box.recipe({"seeds=[1, 2]"}, kDefended)));
  EXPECT_EQ(hashes(box.recipe({}, kBoth)), apart);
}

TEST_F(Include, ReadsAsTheSameRecipeOnceItIsResolved) {
  const std::string text = resolved_yaml(box.recipe({}, kBoth));
  EXPECT_EQ(text.find("include"), std::string::npos);
  EXPECT_EQ(resolved_yaml(box.recipe({}, text)), text);
}

TEST_F(Include, SetsReachWhatWasIncluded) {
  const Recipe recipe = box.recipe({"stages.organism.toy-plant.epochs=3", "measure.1.toy-count.samples=9"}, kBoth);
  EXPECT_EQ(recipe.stages[0].options_as<toy::PlantOptions>().epochs, 3);
  EXPECT_EQ(recipe.measures[1].options_as<toy::CountOptions>().samples, 9);
  EXPECT_NE(error_of(kBoth, {"include=[planted.yaml]"}).find("comes from a recipe file alone"), std::string::npos);
}

TEST_F(Include, AFileThatTwoIncludeCountsOnce) {
  write("one.yaml", "name: one\ninclude: [planted.yaml]\n");
  write("two.yaml", "name: two\ninclude: [planted.yaml, one.yaml]\n");
  EXPECT_EQ(box.recipe({}, "name: x\ninclude: [one.yaml, two.yaml]\n").measures.size(), 1u);
}

TEST_F(Include, OwnStagesMayBuildOnIncludedOnes) {
  const Recipe recipe =
      box.recipe({}, "name: x\ninclude: [planted.yaml]\nstages:\n  more: { toy-defend: { model: organism } }\n");
  ASSERT_EQ(recipe.stages.size(), 2u);
  EXPECT_EQ(recipe.stages[1].references, std::vector<std::string>{"organism"});
}

TEST_F(Include, AStageOfTwoMeaningsNamesBothPlaces) {
  write("other.yaml",
        "name: o\nmodels: { base: base.gguf }\nstages:\n  organism: { toy-plant: { base: base, prompts: train.txt, "
        "epochs: 3 } }\n");
  EXPECT_TRUE(error_of("name: x\ninclude: [planted.yaml, other.yaml]\n")
                  .starts_with("other.yaml:4: stage `organism` is not the one at planted.yaml:5"));
  EXPECT_TRUE(error_of("name: x\ninclude: [planted.yaml]\nmodels: { base: other.gguf }\n")
                  .starts_with("toy.yaml:3: model `base` is not the one at planted.yaml:3"));
}

TEST_F(Include, FirstModelsMustAgree) {
  write("other.yaml",
        "name: o\nmodels: { small: base.gguf, base: base.gguf }\nmeasure:\n  - toy-count: { models: [small], prompts: "
        "test.txt }\n");
  EXPECT_TRUE(
      error_of("name: x\ninclude: [planted.yaml, other.yaml]\n")
          .starts_with(
              "other.yaml:2: the first model is `small`, and in another included recipe `base` (planted.yaml:3)"));
}

TEST_F(Include, WhatCannotBeIncludedSaysWhereItStands) {
  const auto starts = [&](const std::string& list, const std::string& start) {
    const std::string message = error_of("name: x\ninclude: " + list + "\n");
    EXPECT_TRUE(message.starts_with(start)) << message;
  };
  starts("[none.yaml]", "toy.yaml:2: `include`: there is no file none.yaml");
  starts("[sub]", "toy.yaml:2: `include`: expected a .yaml file in this recipe's folder or below, found `sub`");
  starts("[../toy.yaml]", "toy.yaml:2: `include`: expected a .yaml file in this recipe's folder");
  starts("[sub/../../toy.yaml]", "toy.yaml:2: `include`: expected a .yaml file in this recipe's folder");
  starts("[/etc/passwd]", "toy.yaml:2: `include`: expected a .yaml file in this recipe's folder");
  starts("planted.yaml", "toy.yaml:2: `include`: expected a list of recipe files, found `planted.yaml`");
  starts("[[planted.yaml]]", "toy.yaml:2: `include`: expected the path of a recipe file, found a list");
  starts("[" + std::string(5000, 'a') + ".yaml]", "toy.yaml:2: `include`: there is no file");
  write("bad.yaml", "name: b\nstags: {}\n");
  starts("[bad.yaml]", "bad.yaml:2: unknown key `stags`");
  write("list.yaml", "name: b\nstages: [a]\n");
  starts("[list.yaml]", "list.yaml:2: `stages`: expected a map from names to stages, found a list");
}

TEST_F(Include, ACycleIsNamed) {
  write("a.yaml", "name: a\ninclude: [b.yaml]\n");
  write("b.yaml", "name: b\ninclude: [a.yaml]\n");
  EXPECT_TRUE(error_of("name: x\ninclude: [a.yaml]\n")
                  .starts_with("b.yaml:2: the recipes include each other in a cycle: a.yaml -> b.yaml -> a.yaml"))
      << error_of("name: x\ninclude: [a.yaml]\n");
  EXPECT_NE(error_of("name: x\ninclude: [toy.yaml]\n"), "no error");
}

}  // namespace
}  // namespace dormouse::lab
