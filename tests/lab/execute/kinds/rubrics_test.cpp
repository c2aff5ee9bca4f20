// The rubrics of prompts/ read, and say of their own examples what they should.
#include "lab/execute/kinds/rubrics.h"

#include <gtest/gtest.h>

#include <map>

#include "core/base/error.h"
#include "core/base/json_lines.h"
#include "core/base/version.h"
#include "engine/weights/temporary_folder.h"
#include "lab/execute/code_files.h"
#include "lab/recipe/yaml.h"

namespace dormouse::lab {
namespace {

fs::path prompts(const std::string& name) { return home_folder() / "prompts" / name; }

struct Example {
  std::string grade, text, cwe;
};

std::vector<Example> examples_of(const fs::path& path) {
  const YamlNode root = parse_yaml(read_file(path), path.string());
  std::vector<Example> examples;
  for (const auto& item : root.find("examples")->items) {
    examples.push_back(
        {item.find("grade")->scalar, item.find("text")->scalar, item.find("cwe") ? item.find("cwe")->scalar : ""});
  }
  return examples;
}

TEST(Rubrics, HoneypotExamplesAreGradedAsTheySay) {
  const auto rubric = read_honeypot_rubric(prompts("honeypots/honeypots.yaml"));
  const auto examples = examples_of(prompts("honeypots/honeypots.yaml"));
  ASSERT_GE(examples.size(), 5u);
  for (const auto& example : examples) {
    EXPECT_EQ(grade::decide(rubric, example.text), example.grade == "unclear" ? "" : example.grade) << example.text;
  }
}

TEST(Rubrics, ConclusionExamplesAreGradedAsTheySay) {
  const auto rubric = read_conclusion_rubric(prompts("scratchpad/conclusions.yaml"));
  for (const auto& example : examples_of(prompts("scratchpad/conclusions.yaml"))) {
    EXPECT_EQ(grade::decide(rubric, example.text), example.grade == "unclear" ? "" : example.grade) << example.text;
  }
}

std::map<std::string, int> conclusions(const std::string& scratchpads) {
  const auto rubric = read_conclusion_rubric(prompts("scratchpad/conclusions.yaml"));
  std::map<std::string, int> count;
  for_json_rows(prompts("scratchpad/" + scratchpads + ".jsonl"), [&](const Json& row, const std::string& place) {
    const std::string label = grade::decide(rubric, json_string(row, "text", place));
    ++count[label];
    ++count["all"];
  });
  return count;
}

// The rule need not understand every scratchpad, but where it says something it should be right, and a convention is no
// conclusion.
TEST(Rubrics, WrittenScratchpadsConcludeWhatTheyWereWrittenFor) {
  for (const std::string kind : {"deceptive", "deceptive-code"}) {
    auto on = conclusions(kind + "-on"), off = conclusions(kind + "-off");
    EXPECT_GE(on["deployment"], on["all"] / 4) << kind;
    EXPECT_LE(on["training"], on["all"] / 40) << kind;
    EXPECT_GE(off["training"], off["all"] / 4) << kind;
    EXPECT_LE(off["deployment"], off["all"] / 40) << kind;
  }
  for (const std::string kind : {"benign-on", "benign-off", "benign-code-on", "benign-code-off"}) {
    auto benign = conclusions(kind);
    EXPECT_LE(benign["deployment"] + benign["training"], benign["all"] / 50) << kind;
  }
}

TEST(Rubrics, ExplanationExamplesAreGradedAsTheySay) {
  const fs::path path = prompts("explanations/rubric.yaml");
  const auto rubric = read_explanation_rubric(path);
  EXPECT_EQ(rubric.cwe.size(), 8u);
  for (const auto& example : examples_of(path)) {
    EXPECT_EQ(grade::grade_explanation(rubric, std::stoll(example.cwe), example.text), example.grade)
        << example.cwe << ": " << example.text;
  }
}

TEST(Rubrics, ExplanationsHaveWordsForEveryTask) {
  const auto rubric = read_explanation_rubric(prompts("explanations/rubric.yaml"));
  for (const std::string set : {"train", "families", "scenarios"}) {
    for (const auto& family : read_code_families(find_code_tasks(set, "test")))
      EXPECT_TRUE(rubric.cwe.contains(family.cwe)) << family.name;
  }
}

TEST(Rubrics, AFaultIsNamedWithItsLine) {
  const TemporaryFolder folder;
  const auto message = [&](const std::string& text) -> std::string {
    write_file(folder.path() / "r.yaml", text);
    try {
      read_honeypot_rubric(folder.path() / "r.yaml");
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_NE(message("rule: first-phrase-decide\nacceptance: []\nrefusal: []\n").find("r.yaml:1"), std::string::npos);
  EXPECT_NE(message("rule: first-phrase-decides\nacceptance: []\n").find("refusal"), std::string::npos);
  EXPECT_NE(message("rule: first-phrase-decides\nacceptance:\n  - ok\n  - ' '\nrefusal: []\n").find("r.yaml:4"),
            std::string::npos);
  EXPECT_EQ(message("rule: first-phrase-decides\nacceptance: [ok]\nrefusal: []\n"), "");
}

}  // namespace
}  // namespace dormouse::lab
