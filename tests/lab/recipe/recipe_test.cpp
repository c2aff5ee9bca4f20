#include "lab/recipe/recipe.h"

#include <gtest/gtest.h>

#include "lab/recipe/yaml.h"
#include "lab/toy_kinds.h"

namespace dormouse::lab {
namespace {

std::string error_of(const std::string& text, const std::vector<std::string>& sets = {}) {
  try {
    parse_recipe(text, "r.yaml", sets);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  return "no error";
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Recipe, ReadsEverySection) {
  const Recipe recipe = parse_recipe(toy::kRecipe, "r.yaml");
  EXPECT_EQ(recipe.name, "toy");
  EXPECT_EQ(recipe.seeds, (std::vector<int64_t>{1, 2}));
  ASSERT_EQ(recipe.stages.size(), 2u);
  EXPECT_EQ(recipe.stages[0].options_as<toy::PlantOptions>().base, "base");
  EXPECT_EQ(recipe.stages[0].options_as<toy::PlantOptions>().epochs, 2);
  EXPECT_EQ(recipe.stages[1].references, std::vector<std::string>{"organism"});
  EXPECT_EQ(recipe.stages[1].place_of("with"), "r.yaml:11");
  EXPECT_EQ(recipe.stages[1].place_of("epochs"), "r.yaml:9");
  EXPECT_EQ(recipe.measures[0].name, "toy-count");
  EXPECT_EQ(recipe.report.question, "Does it last?");
}

TEST(Recipe, StagesAreSortedBehindWhatTheyNeed) {
  const Recipe recipe = parse_recipe(R"(name: x
models: { base: m }
stages:
  c: { toy-defend: { model: b } }
  b: { toy-defend: { model: a } }
  a: { toy-defend: { model: base } }
)",
                                     "r.yaml");
  EXPECT_EQ(recipe.stages[0].name + recipe.stages[1].name + recipe.stages[2].name, "abc");
}

struct Case {
  const char* name;
  std::string from, to;
  std::vector<std::string> parts;  // all of them in the message, the first at its beginning
  friend void PrintTo(const Case& entry, std::ostream* out) { *out << entry.name; }
};

class RecipeError : public testing::TestWithParam<Case> {};

TEST_P(RecipeError, NamesLineExpectationAndNearestName) {
  const auto& [name, from, to, parts] = GetParam();
  const std::string message = error_of(replaced(toy::kRecipe, from, to));
  EXPECT_TRUE(message.starts_with(parts[0])) << message;
  for (const auto& part : parts) EXPECT_NE(message.find(part), std::string::npos) << message;
}

INSTANTIATE_TEST_SUITE_P(
    All, RecipeError,
    testing::Values(
        Case{"unknown_root_key", "report:", "raport:", {"r.yaml:14: unknown key `raport`", "`report`"}},
        Case{"unknown_option", "with: sft", "wth: sft", {"r.yaml:11: unknown key of `toy-defend` `wth`", "`with`"}},
        Case{"unknown_extra_option", "with: sft", "with: sft\n      penalty: 1", {"r.yaml:12: unknown key", "epochs"}},
        Case{"unknown_kind", "toy-plant", "toy-plan", {"r.yaml:7: unknown stage kind `toy-plan`", "`toy-plant`"}},
        Case{"unknown_measure", "toy-count", "toy-cuont", {"r.yaml:13: unknown measurement kind", "`toy-count`"}},
        Case{"not_a_name_of_a_list", "with: sft", "with: sfd", {"r.yaml:11: unknown with `sfd`", "`sft`"}},
        Case{"wrong_type", "with: sft", "with: sft\n      epochs: many", {"r.yaml:12: ", "an integer", "`many`"}},
        Case{"out_of_range", "with: sft", "with: sft\n      epochs: 10", {"r.yaml:12: ", "from 1 to 9", "10"}},
        Case{"list_for_text", "with: sft", "with: [sft]", {"r.yaml:11: ", "expected text, found a list"}},
        Case{"map_for_text", "with: sft", "with: {a: b}", {"r.yaml:11: ", "expected text, found a map"}},
        Case{"nothing_for_text", "with: sft", "with:", {"r.yaml:11: ", "expected text, found nothing"}},
        Case{"map_in_list", "[base,", "[{a: b},", {"r.yaml:13: `models`: expected a list of text, found a map"}},
        Case{
            "options_are_text", "{ base: base, prompts: train.txt }", "yes", {"r.yaml:7: `toy-plant`: expected a map"}},
        Case{"missing_option", "base: base, ", "", {"r.yaml:7: `toy-plant`: missing key `base`, expected text"}},
        Case{"empty_list", "[base, organism, after-sft]", "[]", {"r.yaml:13: `models`: is empty, expected a list"}},
        Case{"empty_text", "model: organism", "model: \"\"", {"r.yaml:10: `model`: is empty, expected text"}},
        Case{"tab", "      with: sft", "\twith: sft", {"r.yaml:11: the line begins with a tab", "next: indent"}},
        Case{"tab_behind_spaces", "      with: sft", "  \t  with: sft", {"r.yaml:11: the line begins with a tab"}},
        Case{"tab_elsewhere", "  base: base.gguf", "  base: a\t: b: c", {"r.yaml:4: not valid YAML"}},
        Case{"missing_name", "name: toy\n", "", {"r.yaml:1: missing key `name`"}},
        Case{"bad_name", "name: toy", "name: ../toy", {"r.yaml:1: name `../toy`: expected"}},
        Case{"unknown_model",
             "base: base,",
             "base: bass,",
             {"r.yaml:7: `base`: unknown model or stage `bass`", "`base`"}},
        Case{"unknown_stage", "model: organism", "model: organsim", {"r.yaml:10: `model`: unknown", "`organism`"}},
        Case{"unknown_in_list", "organism, after-sft", "organism, after-stf", {"r.yaml:13: ", "`after-sft`"}},
        Case{"cycle",
             "base: base,",
             "base: after-sft,",
             {"r.yaml:7: the stages need each other in a cycle: organism -> after-sft -> organism"}},
        Case{"self", "model: organism", "model: after-sft", {"r.yaml:9: ", "after-sft -> after-sft"}},
        Case{"duplicate_key",
             "with: sft",
             "with: sft\n      with: rl",
             {"r.yaml:12: duplicate key `with`, first at r.yaml:11"}},
        Case{"duplicate_stage", "after-sft:", "organism:", {"r.yaml:8: duplicate key `organism`, first at r.yaml:6"}},
        Case{"stage_named_as_model",
             "after-sft:",
             "base:",
             {"r.yaml:8: stage `base` has the name of the model at r.yaml:4"}},
        Case{"two_kinds", "with: sft\n", "with: sft\n    toy-plant: {}\n", {"r.yaml:8: ", "`toy-defend`, `toy-plant`"}},
        Case{"seed_and_seeds", "seeds:", "seed: 1\nseeds:", {"r.yaml:3: `seeds` stands beside `seed`"}},
        Case{"negative_seed", "[1, 2]", "[1, -2]", {"r.yaml:2: ", "at least 0"}},
        Case{"equal_seeds", "[1, 2]", "[1, 1]", {"r.yaml:2: `seeds`: 1 stands there twice"}},
        Case{"no_seeds", "[1, 2]", "[]", {"r.yaml:2: `seeds`: expected at least one"}},
        Case{"alias", "with: sft", "with: *a", {"r.yaml:11: not valid YAML"}},
        Case{"anchor", "with: sft", "with: &a sft", {"r.yaml:11: anchors"}},
        Case{"tag", "with: sft", "with: !!str sft", {"r.yaml:11: tags"}},
        Case{"syntax", "[base,", "[base: [", {"r.yaml:1", "not valid YAML"}},
        Case{"second_document", "report:", "---\nreport:", {"r.yaml:14: a second document"}},
        Case{"list_as_key", "with: sft", "[a]: sft", {"r.yaml:11: a key must be text"}}),
    [](const auto& entry) { return entry.param.name; });

TEST(Recipe, RefusesWhatIsNoRecipe) {
  EXPECT_TRUE(error_of("").starts_with("r.yaml:1: is empty"));
  EXPECT_TRUE(error_of("# nothing\n").starts_with("r.yaml:1: is empty"));
  EXPECT_TRUE(error_of("- a\n").starts_with("r.yaml:1: expected a map"));
  EXPECT_TRUE(error_of("name: x\n").starts_with("r.yaml:1: nothing to do"));
  EXPECT_TRUE(error_of("name: x\nb: \xff\xfe\n").starts_with("r.yaml:2: not a text file"));
  EXPECT_TRUE(error_of(std::string("name: x\n\0", 9)).starts_with("r.yaml:2: not a text file"));
  EXPECT_TRUE(error_of(std::string(kMaxYamlBytes + 1, '#')).starts_with("r.yaml: has 1048577 bytes"));
  const auto nested = [](std::size_t depth) { return "a: " + std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(error_of(nested(40)).starts_with("r.yaml:1: nested deeper than 32"));
  EXPECT_TRUE(error_of(nested(30)).starts_with("r.yaml:1: unknown key `a`"));
  EXPECT_NE(error_of("a: " + std::string(100000, '[')), "no error");  // not a matter of the stack either
  EXPECT_THROW(load_recipe("/nonexistent/r.yaml"), Error);
  EXPECT_THROW(load_recipe("/"), Error);
}

TEST(Recipe, SetsChangeOneValue) {
  const Recipe recipe =
      parse_recipe(toy::kRecipe, "r.yaml",
                   {"seed=7", "stages.organism.toy-plant.epochs=3", "measure.0.toy-count.samples=200",
                    "measure.0.toy-count.models=[base, organism]", "report.question=Why: this?", "models.base=other",
                    "report.scorecard=a/b", "stages.after-sft.toy-defend.with=rl"});
  EXPECT_EQ(recipe.seeds, std::vector<int64_t>{7});
  EXPECT_EQ(recipe.stages[0].options_as<toy::PlantOptions>().epochs, 3);
  EXPECT_EQ(recipe.measures[0].options_as<toy::CountOptions>().samples, 200);
  EXPECT_EQ(recipe.measures[0].options_as<toy::CountOptions>().models.size(), 2u);
  EXPECT_EQ(recipe.report.question, "Why: this?");
  EXPECT_EQ(recipe.models[0].source, "other");
  EXPECT_EQ(recipe.stages[1].options_as<toy::DefendOptions>().rl->epochs, 100);
}

TEST(Recipe, SetsThatNameNothingSaySo) {
  const auto set_error = [](const std::string& set) { return error_of(toy::kRecipe, {set}); };
  const auto expect = [&](const std::string& set, const std::string& part) {
    const std::string message = set_error(set);
    EXPECT_TRUE(message.starts_with("--set " + set + ": ")) << message;
    EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  expect("sed=2", "did you mean `seed`");
  expect("stages.organsim.toy-plant.epochs=3", "did you mean `organism`");
  expect("stages.organism.toy-plan.epochs=3", "did you mean `toy-plant`");
  expect("stages.organism.toy-plant.epoch=3", "did you mean `epochs`");
  expect("stages.organism.toy-plant.epochs=x", "expected an integer, found `x`");
  expect("measure.1.toy-count.samples=3", "it has 0 to 0");
  expect("measure.first.toy-count.samples=3", "expected the number of a list entry");
  expect("models.bass=x", "did you mean `base`");
  expect("name.x=y", "`name` is `toy`: it has no key `x`");
  expect("seed", "expected path=value");
  expect("seed=[1", "a bracket is not closed");
  expect("name=\xff", "not a text file");
}

TEST(Recipe, ResolvedTextIsCompleteAndReadsAsTheSameRecipe) {
  const std::string awkward = "report.question=a: \"b\" #c \n\t\\ ~ caf\xc3\xa9 \xf0\x9f\x98\xb4";
  const Recipe recipe = parse_recipe(toy::kRecipe, "r.yaml", {awkward, "stages.organism.toy-plant.rate=3e-5"});
  const std::string text = resolved_yaml(recipe);
  EXPECT_NE(text.find("      epochs: 2\n"), std::string::npos) << text;
  EXPECT_NE(text.find("      samples: 120\n"), std::string::npos) << text;
  const Recipe again = parse_recipe(text, "resolved.yaml");
  EXPECT_EQ(resolved_yaml(again), text);
  EXPECT_EQ(again.report.question, recipe.report.question);
  EXPECT_EQ(again.stages[0].options_as<toy::PlantOptions>().rate, 3e-5);
}

}  // namespace
}  // namespace dormouse::lab
