#include "engine/chat/api_wire.h"

#include <gtest/gtest.h>

#include "core/base/error.h"

namespace dormouse::chat {
namespace {

Request request() {
  return {.messages = {{"system", "Be brief."}, {"user", "Say \"hi\"."}}, .seed = 0xffffffffffffffffULL};
}

TEST(ApiEndpoint, IsTheServerAndThePathBehindTheBase) {
  const Endpoint endpoint = endpoint_of("https://host:8443/v1/", "a.yaml");
  EXPECT_EQ(endpoint.server, "https://host:8443");
  EXPECT_EQ(endpoint.path, "/v1/chat/completions");
  EXPECT_EQ(endpoint_of("http://127.0.0.1:80", "a.yaml").path, "/chat/completions");
}

TEST(ApiEndpoint, KeepsSecretsWhereNobodyElseReads) {
  for (const char* url : {"https://host/v1", "http://localhost/v1", "http://localhost:8000/v1", "http://127.0.0.1:8000",
                          "http://[::1]:8000/v1", "http://127.0.0.1"})
    EXPECT_TRUE(endpoint_of(url, "a.yaml").keeps_secrets) << url;
  for (const char* url : {"http://host/v1", "http://localhost.example:80", "http://10.0.0.1:8000"})
    EXPECT_FALSE(endpoint_of(url, "a.yaml").keeps_secrets) << url;
}

TEST(ApiEndpoint, RefusesOtherAddresses) {
  for (const char* url : {"", "http://", "https:///v1", "ftp://host/v1", "host:8000/v1", "http://user:word@host/v1",
                          "http://host/v1?key=1", "http://host /v1", "http:/"}) {
    try {
      endpoint_of(url, "a.yaml:2");
      ADD_FAILURE() << url;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      EXPECT_NE(std::string(error.what()).find("a.yaml:2: `base_url`"), std::string::npos) << error.what();
    }
  }
}

TEST(ApiRequest, IsThis) {
  ApiOptions api{.base_url = "", .model = "m"};
  sample::SamplingOptions options{.temperature = 0.5, .max_tokens = 7, .stop = {}};
  const Json messages = {{{"role", "system"}, {"content", "Be brief."}},
                         {{"role", "user"}, {"content", "Say \"hi\"."}}};
  EXPECT_EQ(request_body(api, request(), options), (Json{{"model", "m"},
                                                         {"messages", messages},
                                                         {"temperature", 0.5},
                                                         {"top_p", 1.0},
                                                         {"max_tokens", 7},
                                                         {"seed", 0x7fffffff}}));
  api.send_seed = false;
  api.length_key = "max_completion_tokens";
  options.stop = {"\n"};
  const Json body = request_body(api, request(), options);
  EXPECT_FALSE(body.contains("seed"));
  EXPECT_FALSE(body.contains("max_tokens"));
  EXPECT_EQ(body["max_completion_tokens"], 7);
  EXPECT_EQ(body["stop"], Json::array({"\n"}));
}

TEST(ApiAnswer, IsTheFirstChoice) {
  const Completion completion = read_completion(
      R"({"id":"x","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"},
          {"message":{"content":"no"}}],"usage":{"prompt_tokens":9,"completion_tokens":2}})",
      request(), "server");
  EXPECT_EQ(completion.text, "hi");
  EXPECT_EQ(completion.finish_reason, "stop");
  EXPECT_EQ(completion.prompt_tokens, 9);
  EXPECT_EQ(completion.tokens, 2);
  EXPECT_EQ(completion.prompt, R"([{"content":"Be brief.","role":"system"},{"content":"Say \"hi\".","role":"user"}])");
}

TEST(ApiAnswer, MayHaveNoTextAndNoUsage) {
  const Completion completion =
      read_completion(R"({"choices":[{"message":{"content":null},"finish_reason":"content_filter"}]})", request(), "s");
  EXPECT_EQ(completion.text, "");
  EXPECT_EQ(completion.tokens, 0);
  EXPECT_EQ(completion.finish_reason, "content_filter");
}

TEST(ApiAnswer, OfAnotherShapeIsAnError) {
  for (const char* body :
       {"", "null", "[]", "<html>", "{}", R"({"choices":[]})", R"({"choices":[1]})", R"({"choices":{"message":{}}})",
        R"({"choices":[{"text":"old completions"}]})", R"({"choices":[{"message":"hi"}]})", "{\"choices\":[{\"mess"}) {
    try {
      read_completion(body, request(), "server");
      ADD_FAILURE() << body;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kWork) << body;
    }
  }
}

TEST(ApiRetry, WaitsForWhatMayPass) {
  EXPECT_EQ(seconds_until_retry(429, "", 1), 1.0);
  EXPECT_EQ(seconds_until_retry(503, "", 4), 8.0);
  EXPECT_EQ(seconds_until_retry(0, "", 10), 60.0);
  EXPECT_EQ(seconds_until_retry(429, "7", 1), 7.0);
  EXPECT_EQ(seconds_until_retry(429, "99999", 1), 60.0);
  EXPECT_EQ(seconds_until_retry(429, "Wed, 21 Oct 2026 07:28:00 GMT", 2), 2.0);
  EXPECT_EQ(seconds_until_retry(429, "-5", 1), 1.0);
  for (const int status : {200, 301, 400, 401, 404, 422}) EXPECT_EQ(seconds_until_retry(status, "", 1), std::nullopt);
}

TEST(ApiError, IsWhatTheServerSaysWithoutTheKey) {
  EXPECT_EQ(error_text(R"({"error":{"message":"bad key sk-1"}})", "sk-1"), "bad key ***");
  EXPECT_EQ(error_text(R"({"error":"no such model"})", ""), "no such model");
  EXPECT_EQ(error_text(R"({"message":"too long"})", ""), "too long");
  EXPECT_EQ(error_text("<html>\n502", ""), "<html> 502");
  EXPECT_EQ(error_text(std::string(1000, 'x'), "").size(), 303u);
}

}  // namespace
}  // namespace dormouse::chat
