// A model's chat template: a Jinja subset with the semantics that transformers gives it (trim_blocks,
// lstrip_blocks, loop controls, raise_exception, strftime_now, tojson, generation blocks). The template is
// hostile input: recursion, steps and output are capped. Every rendered byte knows whether it came from a
// message.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/text/message.h"

namespace dormouse::text {

struct RenderOptions {
  bool add_generation_prompt = false;
  std::string bos_token, eos_token;
  OrderedJson tools = nullptr;                // list of JSON schemas, or null; members keep their order
  OrderedJson extra = OrderedJson::object();  // further variables of the template, such as {"enable_thinking": false}
  int64_t unix_time = 1'722'038'400;  // 2024-07-27 00:00 UTC: what strftime_now sees, so that prompts never drift
};

class ChatTemplate {
 public:
  /// Throws kInput with the line on a syntax error or an unknown tag, filter or test.
  static ChatTemplate parse(std::string source, std::string_view place);

  /// Throws kInput with the line if the template raises, or goes over a cap. Thread-safe.
  std::vector<TextPiece> render(std::span<const Message> messages, const RenderOptions& options) const;

  const std::string& source() const;

  struct Program;

 private:
  explicit ChatTemplate(std::shared_ptr<const Program> program) : program_(std::move(program)) {}
  std::shared_ptr<const Program> program_;
};

}  // namespace dormouse::text
