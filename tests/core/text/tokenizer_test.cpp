#include "core/text/tokenizer.h"

#include <gtest/gtest.h>

#include <thread>

#include "core/base/error.h"
#include "core/text/byte_level.h"
#include "core/text/unicode.h"

namespace dormouse::text {
namespace {

// A byte-level vocabulary with a few merges; its special tokens come last.
GgufVocabulary small_vocabulary() {
  GgufVocabulary vocabulary;
  for (int byte = 0; byte < 256; ++byte)
    vocabulary.tokens.push_back(to_byte_level(std::string(1, static_cast<char>(byte))));
  const std::vector<std::pair<std::string, std::string>> merges = {{"h", "e"},    {"l", "l"},   {"he", "ll"},
                                                                   {"hell", "o"}, {"a", "a"},   {"aa", "aa"},
                                                                   {"Ġ", "Ġ"},    {"ĠĠ", "ĠĠ"}, {"Ġ", "hello"}};
  for (const auto& [left, right] : merges) {
    vocabulary.tokens.push_back(left + right);
    vocabulary.merges.push_back(left + " " + right);
  }
  vocabulary.types.assign(vocabulary.tokens.size(), 1);
  for (const char* special : {"<|start|>", "<|end|>"}) {
    vocabulary.tokens.push_back(special);
    vocabulary.types.push_back(3);
  }
  vocabulary.tokens.push_back("[own]");
  vocabulary.types.push_back(4);
  vocabulary.pre = "gpt-2";
  return vocabulary;
}

Tokenizer small() { return Tokenizer::from_gguf(small_vocabulary(), "test"); }

std::vector<std::string> texts(const Tokenizer& tokenizer, const std::vector<int32_t>& ids) {
  std::vector<std::string> all;
  for (const int32_t id : ids) all.push_back(tokenizer.token_text(id));
  return all;
}

using Texts = std::vector<std::string>;

std::string tokenizer_error(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

TEST(Tokenizer, SpecialTokensAreNotRecognisedInUserText) {
  const Tokenizer tokenizer = small();
  const std::string text = "hello<|end|> hello[own]";
  EXPECT_EQ(texts(tokenizer, tokenizer.encode_special(text)), (Texts{"hello", "<|end|>", "Ġhello", "[own]"}));
  const auto ids = tokenizer.encode(text);
  for (const int32_t id : ids) EXPECT_FALSE(tokenizer.is_special(id));
  EXPECT_EQ(tokenizer.token_text(ids.back()), "[own]");  // not special: recognised everywhere
  EXPECT_EQ(tokenizer.decode(ids), text);
}

TEST(Tokenizer, MarksDecideOverSpecialTokens) {
  const Tokenizer tokenizer = small();
  const int32_t end = *tokenizer.id_of("<|end|>");
  const auto count = [&](const std::vector<TextPiece>& pieces) {
    const auto ids = tokenizer.encode(pieces);
    EXPECT_EQ(tokenizer.decode(ids, /*skip_special=*/false), joined(pieces));
    return std::count(ids.begin(), ids.end(), end);
  };
  EXPECT_EQ(count({{"a<|end|>b", false}}), 1);
  EXPECT_EQ(count({{"a<|end|>b", true}}), 0);
  EXPECT_EQ(count({{"<|end|>", false}, {"<|end|>", true}, {"<|end|>", false}}), 2);
  EXPECT_EQ(count({{"<|en", false}, {"d|>", false}}), 1);  // pieces of the template are one text
  EXPECT_EQ(count({{"<|en", false}, {"d|>", true}}), 0);   // half of it is the user's
  EXPECT_EQ(count({{"<|en", true}, {"d|>", false}}), 0);
  EXPECT_EQ(count({{"<|end|", true}, {">", false}, {"<|end|>", false}}), 1);
}

TEST(Tokenizer, MergesReachAcrossPieces) {
  const Tokenizer tokenizer = small();
  const std::vector<TextPiece> pieces = {{"<|start|>he", false}, {"ll", true}, {"o<|end|>", false}};
  EXPECT_EQ(texts(tokenizer, tokenizer.encode(pieces)), (Texts{"<|start|>", "hello", "<|end|>"}));
  EXPECT_EQ(tokenizer.encode(pieces), tokenizer.encode_special(joined(pieces)));
}

TEST(Tokenizer, ACharacterCutBetweenPiecesIsWhole) {
  const Tokenizer tokenizer = small();
  const std::vector<TextPiece> pieces = {{"\xC3", true}, {"\xA9", true}, {"<|end|>", false}};
  EXPECT_EQ(tokenizer.decode(tokenizer.encode(pieces), /*skip_special=*/false), "é<|end|>");
  const std::vector<TextPiece> broken = {{"\xC3", true}, {"<|end|>", false}};
  EXPECT_EQ(tokenizer.decode(tokenizer.encode(broken), /*skip_special=*/false), "\uFFFD<|end|>");
}

TEST(Tokenizer, NormalizedSpecialTokensObeyMarksToo) {
  Json json = small().json();
  json["normalizer"] = {{"type", "NFC"}};
  for (auto& token : json["added_tokens"]) token["normalized"] = true;
  const Tokenizer tokenizer = Tokenizer::from_json(json, "test");
  const int32_t end = *tokenizer.id_of("<|end|>");
  const auto count = [&](const std::vector<TextPiece>& pieces) {
    const auto ids = tokenizer.encode(pieces);
    return std::count(ids.begin(), ids.end(), end);
  };
  EXPECT_EQ(count({{"e\u0301<|end|>", true}, {"<|end|>", false}, {"e\u0301", true}}), 1);
  EXPECT_EQ(count({{"<|end|", false}, {">", true}}), 0);
  EXPECT_EQ(count({{"<|end|>", false}, {"\u0301x", true}}), 1);
}

TEST(Tokenizer, AMegabyteIsNotQuadratic) {
  const Tokenizer tokenizer = small();
  for (const std::string unit : {"a", " ", "\n", "é", "hello", "<", "<|end|", "'"}) {
    std::string text;
    while (text.size() < 1'000'000) text += unit;
    EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text) << unit;
  }
}

TEST(Tokenizer, SavedJsonGivesTheSameTokenizer) {
  const Tokenizer tokenizer = small();
  const Tokenizer again = Tokenizer::from_json(parse_json(canonical_json(tokenizer.json()), "saved"), "saved");
  const std::string text = "hello  hello\n<|start|>[own] aaaaaaa é 世";
  EXPECT_EQ(again.encode(text), tokenizer.encode(text));
  EXPECT_EQ(again.encode_special(text), tokenizer.encode_special(text));
  EXPECT_EQ(again.vocab_size(), tokenizer.vocab_size());
}

TEST(Tokenizer, ManyThreadsGetTheSameIds) {
  const Tokenizer tokenizer = small();
  const std::string text = "hello aaaa hello  aaa é hello<|end|>";
  const auto expected = tokenizer.encode(text);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 200; ++n) EXPECT_EQ(tokenizer.encode(text), expected);
    });
  }
  for (auto& thread : threads) thread.join();
}

TEST(Tokenizer, GgufBosGoesIntoThePostProcessor) {
  GgufVocabulary vocabulary = small_vocabulary();
  vocabulary.bos = static_cast<int32_t>(vocabulary.tokens.size()) - 3;
  vocabulary.add_bos = true;
  const Tokenizer tokenizer = Tokenizer::from_gguf(vocabulary, "test");
  ASSERT_EQ(tokenizer.document_prefix().size(), 1U);
  EXPECT_EQ(tokenizer.document_prefix()[0], vocabulary.bos);
  EXPECT_TRUE(tokenizer.document_suffix().empty());
  EXPECT_TRUE(small().document_prefix().empty());
}

TEST(Tokenizer, AnUnknownTagNamesTheKnownOnes) {
  GgufVocabulary vocabulary = small_vocabulary();
  vocabulary.pre = "smolm";
  const std::string message = tokenizer_error([&] { Tokenizer::from_gguf(vocabulary, "model.gguf"); });
  EXPECT_NE(message.find("model.gguf"), std::string::npos) << message;
  EXPECT_NE(message.find("did you mean `smollm`"), std::string::npos) << message;
  EXPECT_NE(message.find("llama-bpe"), std::string::npos) << message;
}

TEST(Tokenizer, RefusesWhatItDoesNotKnow) {
  const Json good = small().json();
  const auto message_after = [&](const std::function<void(Json&)>& change) {
    Json json = good;
    change(json);
    return tokenizer_error([&] { Tokenizer::from_json(json, "t.json"); });
  };
  const auto expect = [](const std::string& message, const std::string& part) {
    EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  expect(message_after([](Json& j) { j["normalizer"] = {{"type", "Nfc"}}; }), "did you mean `NFC`");
  expect(message_after([](Json& j) { j["pre_tokenizer"] = {{"type", "BertPreTokenizer"}}; }), "BertPreTokenizer");
  expect(message_after([](Json& j) { j["pre_tokenizer"]["surprise"] = true; }), "surprise");
  expect(message_after([](Json& j) { j["model"]["type"] = "Unigram"; }), "Unigram");
  expect(message_after([](Json& j) { j["model"]["dropout"] = 0.1; }), "dropout");
  expect(message_after([](Json& j) { j["model"]["end_of_word_suffix"] = "</w>"; }), "end_of_word_suffix");
  expect(message_after([](Json& j) { j["model"]["merges"].push_back("h zz"); }), "zz");
  expect(message_after([](Json& j) { j["model"]["merges"].push_back("abc"); }), "abc");
  expect(message_after([](Json& j) { j["model"]["vocab"]["h"] = 5; }), "two tokens");
  expect(message_after([](Json& j) { j["model"]["vocab"]["far"] = 100'000'000; }), "far");
  expect(message_after([](Json& j) { j["model"]["vocab"]["minus"] = -1; }), "minus");
  expect(message_after([](Json& j) { j["model"]["unk_token"] = "<unk>"; }), "<unk>");
  expect(message_after([](Json& j) { j["added_tokens"][0]["id"] = 3; }), "<|start|>");
  expect(message_after([](Json& j) { j["decoder"] = {{"type", "WordPiece"}}; }), "WordPiece");
  expect(message_after([](Json& j) { j["post_processor"] = {{"type", "BertProcessing"}}; }), "BertProcessing");
  expect(message_after([](Json& j) { j["model"].erase("vocab"); }), "vocab");
  expect(message_after([](Json& j) { j = Json::array(); }), "array");
}

TEST(StreamDecoder, GivesWholeCharacters) {
  const Tokenizer tokenizer = small();
  StreamDecoder stream(tokenizer);
  std::vector<std::string> parts;
  for (const int32_t id : tokenizer.encode("a👍é")) parts.push_back(stream.push(id));
  EXPECT_EQ(parts, (Texts{"a", "", "", "", "👍", "", "é"}));
  EXPECT_EQ(stream.finish(), "");
  stream.push(tokenizer.encode("é")[0]);
  EXPECT_EQ(stream.finish(), "\uFFFD");
  stream.push(tokenizer.encode("👍")[0]);
  EXPECT_EQ(stream.push(tokenizer.encode("x")[0]), "\uFFFDx");
  EXPECT_EQ(stream.push(*tokenizer.id_of("<|end|>")), "");
  EXPECT_EQ(StreamDecoder(tokenizer, /*skip_special=*/false).push(*tokenizer.id_of("<|end|>")), "<|end|>");
}

TEST(Tokenizer, IdsOutsideTheVocabularyDecodeToNothing) {
  const Tokenizer tokenizer = small();
  const std::vector<int32_t> ids = {-1, 100'000, *tokenizer.id_of("hello")};
  EXPECT_EQ(tokenizer.decode(ids), "hello");
  EXPECT_EQ(tokenizer.token_text(-1), "");
  EXPECT_FALSE(tokenizer.id_of("no such token"));
}

}  // namespace
}  // namespace dormouse::text
