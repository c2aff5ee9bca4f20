// Against a server on this machine that answers as it is told.
#include "engine/chat/api_model.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include "core/base/error.h"

namespace dormouse::chat {
namespace {

constexpr const char* kKey = "DORMOUSE_TEST_KEY";

std::string answer(const std::string& text) {
  return Json{{"choices", {{{"message", {{"content", text}}}, {"finish_reason", "stop"}}}},
              {"usage", {{"completion_tokens", 3}}}}
      .dump();
}

class Api : public ::testing::Test {
 protected:
  using Reply = std::function<void(const Json& body, int count, httplib::Response&)>;

  void SetUp() override { ::unsetenv(kKey); }
  void TearDown() override {
    released = true;
    server.stop();
    if (thread.joinable()) thread.join();
  }

  /// `count`: how often this question was asked before.
  void serve(const Reply& reply) {
    server.Post("/v1/chat/completions", [this, reply](const httplib::Request& request, httplib::Response& response) {
      const Json body = Json::parse(request.body);
      int count = 0;
      {
        const std::lock_guard lock(mutex);
        count = asked[body["messages"][0]["content"]]++;
        authorization = request.get_header_value("Authorization");
      }
      reply(body, count, response);
    });
    port = server.bind_to_any_port("127.0.0.1");
    thread = std::thread([this] { server.listen_after_bind(); });
  }

  ApiOptions options() const {
    return {.base_url = fmt::format("http://127.0.0.1:{}/v1", port), .model = "m", .key_from = kKey, .timeout = 20};
  }

  static std::vector<Request> questions(int count) {
    std::vector<Request> all;
    for (int i = 0; i < count; ++i) all.push_back({.messages = {{"user", fmt::format("question {}", i)}}});
    return all;
  }

  static std::string error_of(const std::function<void()>& work, ErrorKind kind) {
    try {
      work();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind) << error.what();
      return error.what();
    }
    return "no error";
  }

  httplib::Server server;
  std::thread thread;
  int port = 0;
  std::mutex mutex;
  std::map<std::string, int> asked;
  std::string authorization;
  std::atomic<int> chunks = 0;
  std::atomic<bool> released = false;
};

TEST_F(Api, AnswersStandInTheOrderOfTheirQuestions) {
  serve([](const Json& body, int, httplib::Response& response) {
    const std::string question = body["messages"][0]["content"];
    std::this_thread::sleep_for(std::chrono::milliseconds(question.back() % 3));
    response.set_content(answer("to " + question), "application/json");
  });
  ::setenv(kKey, "sk-1", 1);
  ApiModel model(options(), "a.yaml");
  const auto all = questions(20);
  int64_t last = 0;
  const auto completions = model.complete(all, {}, [&](int64_t done, int64_t total, int64_t tokens) {
    EXPECT_EQ(total, 20);
    EXPECT_EQ(tokens, 3 * done);
    EXPECT_GE(done, last);
    last = done;
  });
  ASSERT_EQ(completions.size(), 20u);
  for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(completions[i].text, fmt::format("to question {}", i));
  EXPECT_EQ(authorization, "Bearer sk-1");
}

TEST_F(Api, AsksAgainWhenTheServerIsBusy) {
  serve([](const Json&, int count, httplib::Response& response) {
    if (count == 0) {
      response.status = 429;
      response.set_header("Retry-After", "0");
    } else {
      response.set_content(answer("now"), "application/json");
    }
  });
  ApiModel model(options(), "a.yaml");
  for (const auto& completion : model.complete(questions(3), {})) EXPECT_EQ(completion.text, "now");
  for (const auto& [question, count] : asked) EXPECT_EQ(count, 2) << question;
  EXPECT_EQ(authorization, "");
}

TEST_F(Api, GivesUpAfterItsAttempts) {
  serve([](const Json&, int, httplib::Response& response) {
    response.status = 503;
    response.set_header("Retry-After", "0");
  });
  ApiOptions few = options();
  few.attempts = 2;
  ApiModel model(few, "a.yaml");
  const std::string message = error_of([&] { model.complete(questions(1), {}); }, ErrorKind::kWork);
  EXPECT_NE(message.find("answered 503"), std::string::npos) << message;
  EXPECT_EQ(asked.begin()->second, 2);
}

TEST_F(Api, ARefusalNamesNoKey) {
  serve([](const Json&, int, httplib::Response& response) {
    response.status = 401;
    response.set_content(R"({"error":{"message":"sk-secret is no key"}})", "application/json");
  });
  ::setenv(kKey, "sk-secret", 1);
  ApiModel model(options(), "a.yaml");
  const std::string message = error_of([&] { model.complete(questions(5), {}); }, ErrorKind::kInput);
  EXPECT_NE(message.find("answered 401: *** is no key"), std::string::npos) << message;
  EXPECT_NE(message.find("set $DORMOUSE_TEST_KEY"), std::string::npos) << message;
}

TEST_F(Api, AnAnswerWithoutEndIsCutOff) {
  serve([this](const Json&, int, httplib::Response& response) {
    response.set_chunked_content_provider("application/json", [this](std::size_t, httplib::DataSink& sink) {
      const std::string chunk(1 << 20, ' ');
      return ++chunks < 100 && sink.write(chunk.data(), chunk.size());
    });
  });
  ApiOptions once = options();
  once.attempts = 1;
  ApiModel model(once, "a.yaml");
  error_of([&] { model.complete(questions(1), {}); }, ErrorKind::kWork);
  EXPECT_LT(chunks, 50);
}

TEST_F(Api, AnInterruptDoesNotWaitForTheServer) {
  serve([this](const Json&, int, httplib::Response&) {
    while (!released) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  });
  ApiModel model(options(), "a.yaml");
  const auto start = std::chrono::steady_clock::now();
  error_of(
      [&] {
        model.complete(questions(2), {},
                       [](int64_t, int64_t, int64_t) { throw Error(ErrorKind::kInterrupted, "stopped"); });
      },
      ErrorKind::kInterrupted);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST_F(Api, NobodyThere) {
  ApiOptions nowhere{.base_url = "http://127.0.0.1:1/v1", .model = "m", .key_from = kKey, .attempts = 1};
  ApiModel model(nowhere, "a.yaml");
  const std::string message = error_of([&] { model.complete(questions(1), {}); }, ErrorKind::kWork);
  EXPECT_NE(message.find("http://127.0.0.1:1: no answer"), std::string::npos) << message;
}

TEST_F(Api, AKeyStaysOnEncryptedRoads) {
  ::setenv(kKey, "sk-1", 1);
  const ApiOptions open{.base_url = "http://host/v1", .model = "m", .key_from = kKey};
  EXPECT_NE(error_of([&] { ApiModel(open, "a.yaml"); }, ErrorKind::kInput).find("unencrypted"), std::string::npos);
  ::setenv(kKey, "sk-1\r\nX: y", 1);
  EXPECT_NE(error_of([&] { ApiModel(open, "a.yaml"); }, ErrorKind::kInput).find(kKey), std::string::npos);
}

TEST_F(Api, HasNoWordsForSomeThings) {
  ApiModel model({.base_url = "http://127.0.0.1:1/v1", .model = "m", .key_from = kKey}, "a.yaml");
  auto begun = questions(1);
  begun[0].begun = "Sure,";
  EXPECT_NE(error_of([&] { model.complete(begun, {}); }, ErrorKind::kInput).find("begun"), std::string::npos);
  EXPECT_NE(error_of([&] { model.complete(questions(1), {.top_k = 3}); }, ErrorKind::kInput).find("top_k"),
            std::string::npos);
}

}  // namespace
}  // namespace dormouse::chat
