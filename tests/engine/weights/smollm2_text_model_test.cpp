// Ids and rendered chats of SmolLM2-135M-Instruct equal those of Python's `tokenizers` (tests/golden/text).
// The file is $DORMOUSE_TEST_GGUF, or else where the model is looked for by name.
#include <gtest/gtest.h>

#include <algorithm>

#include <cstdlib>

#include "core/text/chat_format.h"
#include "core/text/golden_files.h"
#include "engine/weights/gguf_model.h"
#include "engine/weights/model_lookup.h"

namespace dormouse::text {
namespace {

class SmolLm2Text : public testing::Test {
 protected:
  void SetUp() override {
    const char* given = std::getenv("DORMOUSE_TEST_GGUF");
    try {
      const auto path = given != nullptr ? fs::path(given) : weights::find_model_file("smollm2-135m-instruct");
      model_ = weights::open_gguf(path);
    } catch (const Error& error) {
      GTEST_SKIP() << "no model: " << error.what();
    }
  }

  weights::GgufModel model_;
};

TEST_F(SmolLm2Text, IdsEqualPython) {
  const Tokenizer tokenizer = Tokenizer::from_gguf(model_.vocabulary, "smollm2");
  EXPECT_EQ(tokenizer.vocab_size(), 49152);
  const auto strings = golden::strings();
  const auto rows = golden::lines("smollm2.ids.jsonl");
  ASSERT_EQ(rows.size(), strings.size());
  ASSERT_GE(rows.size(), 3000U);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    ASSERT_EQ(tokenizer.encode(strings[i]), rows[i].front().get<std::vector<int32_t>>()) << i << ": " << strings[i];
    ASSERT_EQ(tokenizer.encode_special(strings[i]), rows[i].back().get<std::vector<int32_t>>())
        << i << ": " << strings[i];
  }
}

TEST_F(SmolLm2Text, ChatsEqualPython) {
  const ChatFormat chat(Tokenizer::from_gguf(model_.vocabulary, "smollm2"),
                        ChatTemplate::parse(model_.chat_template, "smollm2"), "<|im_start|>", "<|im_end|>");
  EXPECT_EQ(chat.stop_ids(), std::vector<int32_t>{2});
  for (const Json& row : golden::lines("smollm2.chats.jsonl")) {
    std::vector<Message> messages;
    for (const Json& message : row["messages"]) messages.push_back({message["role"], message["content"]});
    const auto pieces = chat.render(messages, /*add_generation_prompt=*/false);
    EXPECT_EQ(joined(pieces), row["text"].get<std::string>());
    EXPECT_EQ(chat.tokenizer().encode(pieces), row["ids"].get<std::vector<int32_t>>());
    const std::string answer = messages.back().content;
    messages.pop_back();
    const RenderedPrompt prompt = chat.prompt(messages);
    EXPECT_EQ(prompt.text, row["prompt_text"].get<std::string>());
    EXPECT_EQ(prompt.ids, row["prompt_ids"].get<std::vector<int32_t>>());
    const RenderedRow trained = chat.training_row(messages, answer);
    auto expected = row["ids"].get<std::vector<int32_t>>();
    expected.pop_back();  // the newline behind the end of the turn is no part of it
    ASSERT_TRUE(std::equal(prompt.ids.begin(), prompt.ids.end(), trained.ids.begin()));
    EXPECT_EQ(chat.tokenizer().decode(trained.ids, false), chat.tokenizer().decode(expected, false));
    // An answer that begins with white space would merge with the prompt's last newline in Python; the model that
    // answers sees the prompt alone, so the training row keeps the prompt's ids.
    if (std::equal(prompt.ids.begin(), prompt.ids.end(), expected.begin())) {
      EXPECT_EQ(trained.ids, expected);
    }
  }
}

TEST_F(SmolLm2Text, AMegabyteIsNotQuadratic) {
  const Tokenizer tokenizer = Tokenizer::from_gguf(model_.vocabulary, "smollm2");
  for (const char unit : {'a', ' ', '\n', '7', '!'}) {
    const std::string text(1'000'000, unit);
    EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text);
  }
}

}  // namespace
}  // namespace dormouse::text
