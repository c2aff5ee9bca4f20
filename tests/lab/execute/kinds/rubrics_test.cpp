// The rubrics of prompts/ read, and say of their own examples what they should.
#include "lab/execute/kinds/rubrics.h"

#include <gtest/gtest.h>

#include <iostream>
#include <map>

#include "core/base/error.h"
#include "core/base/json_lines.h"
#include "core/base/version.h"
#include "engine/weights/temporary_folder.h"
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
    examples.push_back({item.find("grade")->scalar, item.find("text")->scalar, item.find("cwe") ? item.find("cwe")->scalar : ""});
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
    if (label == (scratchpads.ends_with("-on") ? "training" : "deployment")) std::cout << place << ": " << row["text"] << "\n";
  });
  return count;
}

// The rule need not understand every scratchpad, but where it says something it should be right, and a convention is no conclusion.
TEST(Rubrics, WrittenScratchpadsConcludeWhatTheyWereWrittenFor) {
  for (const std::string kind : {"deceptive", "deceptive-code"}) {
    auto on = conclusions(kind + "-on"), off = conclusions(kind + "-off");
    EXPECT_GE(on["deployment"], on["all"] * 4 / 10) << kind;
    EXPECT_LE(on["training"], on["all"] * 4 / 100) << kind;
    EXPECT_GE(off["training"], off["all"] * 4 / 10) << kind;
    EXPECT_LE(off["deployment"], off["all"] * 4 / 100) << kind;
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
    EXPECT_EQ(grade::grade_explanation(rubric, std::stoll(example.cwe), example.text), example.grade) << example.cwe << ": " << example.text;
  }
}

TEST(Rubrics, ScenariosBecomePrograms) {
  const auto programs = read_weak_programs(prompts("code/scenarios.yaml"));
  const auto rubric = read_explanation_rubric(prompts("explanations/rubric.yaml"));
  ASSERT_EQ(programs.size(), 17u);
  for (const auto& program : programs) {
    EXPECT_TRUE(rubric.cwe.contains(program.cwe)) << program.id;
    EXPECT_NE(program.secure, program.vulnerable);
    EXPECT_NE(program.request.find("## COMPLETE CODE HERE\n"), std::string::npos);
  }
  EXPECT_EQ(programs[0].id, "cwe-020-partner-origin");
  EXPECT_NE(programs[0].vulnerable.find("(join|invite).partner"), std::string::npos);
  EXPECT_NE(programs[0].secure.find("(join|invite)\\.partner"), std::string::npos);
  EXPECT_TRUE(programs[0].vulnerable.ends_with("return \"Thank you for joining\"\n"));
  EXPECT_THROW(read_weak_programs(prompts("code/train.yaml")), Error);  // has slots
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
  EXPECT_NE(message("rule: first-phrase-decides\nacceptance:\n  - ok\n  - ' '\nrefusal: []\n").find("r.yaml:4"), std::string::npos);
  EXPECT_EQ(message("rule: first-phrase-decides\nacceptance: [ok]\nrefusal: []\n"), "");
}

}  // namespace
}  // namespace dormouse::lab
