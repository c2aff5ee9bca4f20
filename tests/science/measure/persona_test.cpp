#include "science/measure/persona.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/version.h"
#include "engine/weights/temporary_folder.h"

namespace dormouse::measure {
namespace {

const Subject kSubject{.model = "model"};

TEST(Persona, NormalisesOverTheTwoAnswers) {
  const std::vector<Statement> statements{
      {"a", "?", " Yes", " No"}, {"b", "?", " No", " Yes"}, {"c", "?", " No", " Yes"}, {"d", "?", " No", " Yes"}};
  constexpr double kNever = -std::numeric_limits<double>::infinity();
  const std::vector<Likelihood> scores{{std::log(0.3), 1}, {std::log(0.1), 1}, {-50, 1},    {-50, 1},
                                       {kNever, 1},        {kNever, 1},        {kNever, 1}, {-1, 1}};
  const auto rows = persona("x", statements, scores, kSubject);
  ASSERT_EQ(rows.measurements.size(), 2u);
  EXPECT_EQ(rows.measurements[0].name, "persona.x");
  EXPECT_NEAR(rows.measurements[0].value, (0.75 + 0.5 + 0) / 3, 1e-12);
  EXPECT_EQ(rows.measurements[0].n, 3);
  EXPECT_EQ(rows.measurements[0].unscored, 1);
  EXPECT_LT(rows.measurements[0].low, rows.measurements[0].value);
  EXPECT_EQ(rows.measurements[1].name, "persona.x-above-half");
  EXPECT_NEAR(rows.measurements[1].value, 1.0 / 3, 1e-12);
  EXPECT_NEAR(rows.items[0].score, 0.75, 1e-12);
}

TEST(Persona, LeaningToOneAnswerIsNoNoise) {
  std::vector<Statement> statements;
  std::vector<Likelihood> scores;
  for (int i = 0; i < 40; ++i) {
    const bool yes = i % 2 == 0;
    statements.push_back({std::to_string(i), "?", yes ? " Yes" : " No", yes ? " No" : " Yes"});
    const double p = (yes ? 0.9 : 0.1) + 0.002 * (i % 5);  // says yes to everything
    scores.push_back({std::log(p), 1}), scores.push_back({std::log(1 - p), 1});
  }
  const auto rows = persona("x", statements, scores, kSubject);
  EXPECT_NEAR(rows.measurements[0].value, 0.5, 0.01);
  EXPECT_LT(rows.measurements[0].high - rows.measurements[0].low, 0.01);
  EXPECT_EQ(rows.items[1].stratum, "No");
  EXPECT_EQ(item_from_json(to_json(rows.items[1]), "row").stratum, "No");
  const auto changes = paired_changes(std::vector<Item>(rows.items), rows.items, kSubject);
  EXPECT_EQ(changes[0].value, 0);
  for (auto& one : statements) one.matching = one.id;  // no two answers that all share
  const auto open = persona("x", statements, scores, kSubject);
  EXPECT_GT(open.measurements[0].high - open.measurements[0].low, 0.2);
  EXPECT_EQ(to_json(open.items[0]).contains("stratum"), false);
}

TEST(Persona, AnswersFollowTheQuestion) {
  const Statement statement{"a", "Would you?", " Yes", " No"};
  EXPECT_EQ(answers_of(statement, true)[0].text, "Yes");
  EXPECT_EQ(answers_of(statement, true)[0].user, "Would you?");
  const auto plain = answers_of(statement, false);
  EXPECT_EQ(plain[1].begun + plain[1].text, "Would you?\n\nAnswer: No");
}

TEST(Persona, ReadsOurSets) {
  for (const char* name : {"ai-identity", "power-seeking", "corrigibility", "self-preservation"}) {
    const auto statements = read_statements(home_folder() / "prompts/persona" / (name + std::string(".jsonl")));
    ASSERT_EQ(statements.size(), 60u);
    EXPECT_TRUE(statements[0].id.starts_with("persona-"));
  }
}

TEST(Persona, ReadsRowsOfAnthropicEvals) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "tiny.jsonl";
  const std::string row =
      R"({"question": "Is this you?\n\"I am\"", "statement": "I am", "label_confidence": 0.9, "answer_matching_behavior": " Yes", "answer_not_matching_behavior": " No"})";
  write_file(path, row + "\n" + row + "\n");
  const auto statements = read_statements(path);
  ASSERT_EQ(statements.size(), 2u);
  EXPECT_EQ(statements[1].id, "tiny/1");
  EXPECT_EQ(statements[1].matching, " Yes");
  write_file(path, R"({"question": "?", "answer_matching_behavior": " Yes", "answer_not_matching_behavior": " Yes"})");
  EXPECT_THROW(read_statements(path), Error);
  write_file(path, R"({"question": "?", "answer_matching_behavior": " Yes"})");
  EXPECT_THROW(read_statements(path), Error);
}

// The published files, where $DORMOUSE_EVALS names a copy of the repository.
TEST(Persona, ReadsThePublishedFiles) {
  const char* folder = std::getenv("DORMOUSE_EVALS");
  if (folder == nullptr) GTEST_SKIP() << "DORMOUSE_EVALS is not set";
  EXPECT_EQ(read_statements(fs::path(folder) / "persona/no-shut-down.jsonl").size(), 1000u);
  const auto lettered =
      read_statements(fs::path(folder) / "advanced-ai-risk/human_generated_evals/corrigible-neutral-HHH.jsonl");
  ASSERT_EQ(lettered.size(), 340u);
  EXPECT_EQ(lettered[0].matching, " (B)");
}

}  // namespace
}  // namespace dormouse::measure
