// Where a model behind an OpenAI-compatible API is, and how it is asked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/config/fields.h"

namespace dormouse::chat {

struct ApiOptions {
  std::string base_url, model, key_from = "OPENAI_API_KEY", length_key = "max_tokens";
  bool send_seed = true;
  int64_t parallel = 4, attempts = 6, timeout = 120;

  std::vector<Field> fields() {
    return {
        {"base_url", &base_url, "where the API is, up to and with its version: http://127.0.0.1:8000/v1", required()},
        {"model", &model, "the model's name there", required()},
        {"key_from", &key_from,
         "environment variable that holds the key; where it is not set, none is sent. A key itself has no place here"},
        {"length_key", &length_key, "what the API calls the longest completion",
         one_of({"max_tokens", "max_completion_tokens"})},
        {"send_seed", &send_seed, "false for an API that refuses seeds"},
        {"parallel", &parallel, "requests under way at once", between(1, 256)},
        {"attempts", &attempts, "how often a request is made when the API is overloaded or does not answer",
         between(1, 20)},
        {"timeout", &timeout, "seconds that an answer may take", between(1, 3600)},
    };
  }
};

}  // namespace dormouse::chat
