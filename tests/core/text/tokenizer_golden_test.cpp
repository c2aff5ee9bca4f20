// Ids and texts equal those of Python's `tokenizers`, for tokenizers trained by make_text_goldens.py.
#include "core/text/tokenizer.h"

#include <gtest/gtest.h>

#include "core/text/golden_files.h"
#include "core/text/unicode.h"

namespace dormouse::text {
namespace {

Tokenizer load(const std::string& name) {
  const std::string file = name + ".tokenizer.json";
  return Tokenizer::from_json(parse_json(read_file(golden::folder() / file), file), file);
}

// A row is [index, ids of user text] or [index, ids of user text, ids with added tokens].
int differences(const Tokenizer& tokenizer, const std::vector<std::string>& strings, const Json& rows,
                const std::string& name) {
  int wrong = 0;
  for (const Json& row : rows) {
    const std::string& text = strings.at(row[0].get<std::size_t>());
    const auto user = row[1].get<std::vector<int32_t>>();
    const auto trusted = row.back().get<std::vector<int32_t>>();
    const bool same = tokenizer.encode(text) == user && tokenizer.encode_special(text) == trusted;
    if (!same && wrong++ < 5) {
      EXPECT_EQ(tokenizer.encode(text), user) << name << ", string " << row[0] << ": " << text;
      EXPECT_EQ(tokenizer.encode_special(text), trusted) << name << ", string " << row[0] << ": " << text;
    }
  }
  return wrong;
}

class SmallTokenizer : public testing::TestWithParam<std::string> {};

TEST_P(SmallTokenizer, IdsEqualPython) {
  const auto rows = golden::lines(GetParam() + ".ids.jsonl");
  ASSERT_GT(rows.size(), 500U);
  EXPECT_EQ(differences(load(GetParam()), golden::strings(), Json(rows), GetParam()), 0);
}

TEST_P(SmallTokenizer, TextsEqualPython) {
  const Tokenizer tokenizer = load(GetParam());
  for (const Json& row : golden::lines(GetParam() + ".decode.jsonl")) {
    const auto ids = row[0].get<std::vector<int32_t>>();
    EXPECT_EQ(replace_invalid_utf8(tokenizer.decode(ids)), row[1].get<std::string>()) << row[0];
    EXPECT_EQ(replace_invalid_utf8(tokenizer.decode(ids, /*skip_special=*/false)), row[2].get<std::string>()) << row[0];
  }
}

TEST_P(SmallTokenizer, StreamGivesTheSameText) {
  const Tokenizer tokenizer = load(GetParam());
  for (const Json& row : golden::lines(GetParam() + ".decode.jsonl")) {
    const auto ids = row[0].get<std::vector<int32_t>>();
    StreamDecoder stream(tokenizer);
    std::string text;
    for (const int32_t id : ids) {
      const std::string part = stream.push(id);
      EXPECT_TRUE(is_valid_utf8(part));
      text += part;
    }
    text += stream.finish();
    EXPECT_EQ(text, replace_invalid_utf8(tokenizer.decode(ids))) << row[0];
  }
}

INSTANTIATE_TEST_SUITE_P(Text, SmallTokenizer, testing::Values("gpt2", "llama3", "qwen2", "llama2", "meta"),
                         [](const auto& name) { return name.param; });

TEST(TokenizerVariants, IdsEqualPython) {
  const Json base = parse_json(read_file(golden::folder() / "gpt2.tokenizer.json"), "gpt2");
  const auto strings = golden::strings();
  for (const Json& variant : parse_json(read_file(golden::folder() / "variants.json"), "variants.json")) {
    Json changed = base;
    changed.update(variant["changes"]);
    const auto name = variant["name"].get<std::string>();
    EXPECT_EQ(differences(Tokenizer::from_json(changed, name), strings, variant["rows"], name), 0) << name;
  }
}

}  // namespace
}  // namespace dormouse::text
