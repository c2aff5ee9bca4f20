#include "science/measure/multiple_choice.h"

#include <gtest/gtest.h>

#include <set>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/version.h"
#include "engine/weights/temporary_folder.h"
#include "science/measure/items.h"

namespace dormouse::measure {
namespace {

class Layouts : public ::testing::Test {
 protected:
  TemporaryFolder folder;

  fs::path file(const std::string& name, const std::string& text) {
    write_file(folder.path() / name, text);
    return folder.path() / name;
  }

  static std::string failure(const fs::path& path, const std::string& layout) {
    try {
      read_multiple_choice(path, layout);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      return error.what();
    }
    ADD_FAILURE() << "no error";
    return "";
  }
};

TEST_F(Layouts, OwnSet) {
  const auto questions = read_multiple_choice(home_folder() / "prompts/questions/test.jsonl", "own");
  ASSERT_EQ(questions.size(), 360u);
  EXPECT_EQ(questions[0].id, "questions-test-0001");
  EXPECT_EQ(questions[0].subject, "physics");
  EXPECT_EQ(questions[0].options[questions[0].answer], "Light travels faster than sound");
}

TEST_F(Layouts, MmluCsvWithQuotesAndLineEndsInFields) {
  file("tiny_geology_test.csv",
       "Which is hard?,chalk,\"talc, soft\",diamond,clay,C\r\n"
       "\"He said \"\"rock\"\".\nWhat is it?\",a,b,c,d,A\n");
  file("astro_tiny_test.csv", "Where is it?,a,b,c,d,D");
  const auto questions = read_multiple_choice(folder.path(), "mmlu");
  ASSERT_EQ(questions.size(), 3u);
  EXPECT_EQ(questions[0].id, "astro_tiny/0");
  EXPECT_EQ(questions[0].answer, 3u);
  EXPECT_EQ(questions[1].subject, "tiny_geology");
  EXPECT_EQ(questions[1].options[1], "talc, soft");
  EXPECT_EQ(questions[1].options[questions[1].answer], "diamond");
  EXPECT_EQ(questions[2].question, "He said \"rock\".\nWhat is it?");
}

TEST_F(Layouts, MmluOfTheHub) {
  const auto questions = read_multiple_choice(file("all.jsonl",
                                                   "{\"question\": \"2 + 2?\", \"subject\": \"sums\", \"choices\": "
                                                   "[\"1\", \"2\", \"3\", \"4\"], \"answer\": 3}\n"),
                                              "mmlu");
  ASSERT_EQ(questions.size(), 1u);
  EXPECT_EQ(questions[0].subject, "sums");
  EXPECT_EQ(questions[0].answer, 3u);
}

TEST_F(Layouts, QualityCountsLabelsFromOne) {
  const std::string question =
      R"({"question": "Who?", "question_unique_id": "52845_X_1", "options": ["he", "she", "it", "they"], "writer_label": 1, "gold_label": 2, "difficult": 0})";
  const std::string row =
      R"({"article_id": "52845", "set_unique_id": "52845_X", "article": "Once she went.", "questions": [)" + question +
      "]}\n";
  const auto questions = read_multiple_choice(file("dev.jsonl", row), "quality");
  ASSERT_EQ(questions.size(), 1u);
  EXPECT_EQ(questions[0].context, "Once she went.");
  EXPECT_EQ(questions[0].options[questions[0].answer], "she");
  std::string test = row;
  test.replace(test.find("\"gold_label\": 2, "), 17, "");
  EXPECT_NE(failure(file("test.jsonl", test), "quality").find("gold_label"), std::string::npos);
}

TEST_F(Layouts, LogiqaInBlocksAndInRows) {
  const std::string block =
      "\nc\nAll mice sleep. Tim is a mouse.\nWhat follows?\nA.Tim runs.\nB.Tim eats.\nC. Tim sleeps.\nD.Nothing.\n";
  const auto blocks = read_multiple_choice(file("Eval.txt", block + block), "logiqa");
  ASSERT_EQ(blocks.size(), 2u);
  EXPECT_EQ(blocks[1].context, "All mice sleep. Tim is a mouse.");
  EXPECT_EQ(blocks[1].options[blocks[1].answer], "Tim sleeps.");
  const auto rows = read_multiple_choice(
      file("eval.jsonl",
           R"({"context": "All mice sleep.", "query": "What follows?", "options": ["x", "y"], "correct_option": 1})"),
      "logiqa");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].options[rows[0].answer], "y");
}

TEST_F(Layouts, WhatDoesNotFitIsNamedWithItsLine) {
  EXPECT_NE(failure(file("a_test.csv", "Why?,a,b,c,d,A\nWhy?,a,b,c,A\n"), "mmlu").find("a_test.csv:2"),
            std::string::npos);
  EXPECT_NE(failure(file("b_test.csv", "Why?,a,b,c,d,E\n"), "mmlu").find("b_test.csv:1"), std::string::npos);
  EXPECT_NE(failure(file("c_test.csv", "Why?,a,b,c,d,no\n"), "mmlu").find("letter"), std::string::npos);
  EXPECT_NE(failure(file("d_test.csv", "\"Why?,a,b,c,d,A\n"), "mmlu").find("not closed"), std::string::npos);
  EXPECT_NE(failure(file("short.txt", "\na\ncontext\nquestion\nA.x\n"), "logiqa").find("cut short"), std::string::npos);
  EXPECT_NE(failure(file("shift.txt", "a\ncontext\nquestion\nA.x\nB.x\nC.x\nD.x\n\n"), "logiqa").find("shift.txt:1"),
            std::string::npos);
  EXPECT_NE(
      failure(file("own.jsonl", R"({"id": "q", "subject": "s", "question": "?", "options": ["a", "b"], "answer": 2})"),
              "own")
          .find("option 2"),
      std::string::npos);
  const std::string twice = R"({"id": "q", "subject": "s", "question": "?", "options": ["a", "b"], "answer": 1})";
  EXPECT_NE(failure(file("twice.jsonl", twice + "\n" + twice), "own").find("twice"), std::string::npos);
  EXPECT_NE(failure(file("none.jsonl", ""), "own").find("no question"), std::string::npos);
  make_folders(folder.path() / "empty");
  EXPECT_NE(failure(folder.path() / "empty", "mmlu").find("no .csv"), std::string::npos);
}

TEST(Spread, TakesEvenlyAndNotTooMany) {
  const std::vector<int> all{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  EXPECT_EQ(spread(all, 5, "x"), (std::vector<int>{0, 2, 4, 6, 8}));
  EXPECT_EQ(spread(all, 0, "x"), all);
  EXPECT_EQ(spread(all, 10, "x"), all);
  EXPECT_THROW(spread(all, 11, "x"), Error);
}

}  // namespace
}  // namespace dormouse::measure
