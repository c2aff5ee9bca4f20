#include "science/measure/capability.h"

#include <gtest/gtest.h>

#include <cmath>

namespace dormouse::measure {
namespace {

const Subject kSubject{.model = "model"};

MultipleChoice question(const std::string& id, std::vector<std::string> options, std::size_t answer) {
  return {.id = id, .subject = "s", .context = {}, .question = "Why?", .options = std::move(options), .answer = answer};
}

TEST(Capability, TheSumFavoursShortOptionsAndThePrimaryDoesNot) {
  const std::vector<MultipleChoice> questions{question("a", {"no", "because of it"}, 1),
                                              question("b", {"yes", "no"}, 0)};
  // Per byte: -4 / 2 against -13 / 13; by sum -4 against -13.
  const std::vector<Likelihood> scores{{-4, 1}, {-13, 3}, {-3, 1}, {-9, 1}};
  const auto rows = capability(questions, scores, "", kSubject);
  ASSERT_EQ(rows.measurements.size(), 3u);
  EXPECT_EQ(rows.measurements[0].name, "capability.accuracy");
  EXPECT_EQ(rows.measurements[0].value, 1);
  EXPECT_EQ(rows.measurements[0].n, 2);
  EXPECT_NEAR(rows.measurements[0].low, 0.342, 1e-3);  // Wilson, 2 of 2
  EXPECT_EQ(rows.measurements[1].name, "capability.accuracy-by-sum");
  EXPECT_EQ(rows.measurements[1].value, 0.5);
  EXPECT_EQ(rows.measurements[2].name, "capability.chance");
  EXPECT_EQ(rows.measurements[2].value, 0.5);
  ASSERT_EQ(rows.items.size(), 2u);
  EXPECT_EQ(rows.items[0].id, "a");
  EXPECT_EQ(rows.items[0].measurement, "capability.accuracy");
}

TEST(Capability, AQuestionThatDoesNotFitIsUnscored) {
  const std::vector<MultipleChoice> questions{question("a", {"x", "y"}, 0), question("b", {"x", "y", "z", "v"}, 3)};
  const std::vector<Likelihood> scores{{std::nan(""), 0}, {-1, 1}, {-4, 1}, {-3, 1}, {-2, 1}, {-1, 1}};
  const auto rows = capability(questions, scores, "mmlu", kSubject);
  EXPECT_EQ(rows.measurements[0].name, "capability.accuracy-mmlu");
  EXPECT_EQ(rows.measurements[0].n, 1);
  EXPECT_EQ(rows.measurements[0].unscored, 1);
  EXPECT_EQ(rows.measurements[0].value, 1);
  EXPECT_EQ(rows.measurements[2].value, (0.5 + 0.25) / 2);
  EXPECT_TRUE(std::isnan(rows.items[0].score));
}

TEST(Capability, OptionsGoOnFromTheQuestion) {
  MultipleChoice asked = question("a", {"x", "y"}, 0);
  asked.context = "A passage.";
  const auto chat = options_of(asked, /*as_chat=*/true), plain = options_of(asked, /*as_chat=*/false);
  ASSERT_EQ(chat.size(), 2u);
  EXPECT_EQ(chat[0].user, "A passage.\n\nWhy?");
  EXPECT_EQ(chat[1].text, "y");
  EXPECT_EQ(plain[1].user, "");
  EXPECT_EQ(plain[1].begun + plain[1].text, "A passage.\n\nQuestion: Why?\nAnswer: y");
}

TEST(PairedChanges, PairsItemsOfOneNameAndCountsTheRest) {
  const std::vector<Item> parent{{"capability.accuracy", "a", 1},
                                 {"capability.accuracy", "b", 1},
                                 {"capability.accuracy", "c", std::nan("")},
                                 {"persona.x", "a", 0.25}};
  const std::vector<Item> model{{"capability.accuracy", "b", 0},
                                {"capability.accuracy", "a", 1},
                                {"capability.accuracy", "c", 1},
                                {"persona.x", "a", 0.75},
                                {"persona.x", "new", 1}};
  const auto rows = paired_changes(parent, model, kSubject);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].name, "change.capability.accuracy");
  EXPECT_EQ(rows[0].value, -0.5);
  EXPECT_EQ(rows[0].low, -1);
  EXPECT_EQ(rows[0].high, 0);
  EXPECT_EQ(rows[0].n, 2);
  EXPECT_EQ(rows[0].unscored, 1);
  EXPECT_EQ(rows[1].name, "change.persona.x");
  EXPECT_EQ(rows[1].value, 0.5);
  EXPECT_EQ(rows[1].unscored, 1);
  EXPECT_EQ(paired_changes({}, model, kSubject)[0].n, 0);
}

TEST(Items, SurviveAFile) {
  for (const double score : {0.5, std::nan("")}) {
    const Item read = item_from_json(parse_json(to_json(Item{"m", "i", score}).dump(), "row"), "row");
    EXPECT_EQ(read.id, "i");
    EXPECT_TRUE(std::isnan(score) ? std::isnan(read.score) : read.score == score);
  }
}

}  // namespace
}  // namespace dormouse::measure
