#include "core/text/chat_template.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/text/jinja/interpreter.h"
#include "core/text/jinja/parser.h"
#include "core/text/unicode.h"

namespace dormouse::text {

namespace {

constexpr std::size_t kMaxSource = std::size_t{1} << 20;

jinja::Value from_message(const std::string& text) {
  return jinja::Value::string(jinja::Str(replace_invalid_utf8(text), /*from_message=*/true));
}

jinja::Value from_messages(std::span<const Message> messages) {
  std::vector<jinja::Value> items;
  for (const Message& message : messages) {
    jinja::Dict dict;
    dict.set(jinja::Value::string(std::string("role")), from_message(message.role));
    dict.set(jinja::Value::string(std::string("content")), from_message(message.content));
    items.push_back(jinja::Value::dict(std::move(dict)));
  }
  return jinja::Value::list(std::move(items));
}

std::vector<TextPiece> cut(const jinja::Str& text) {
  std::vector<TextPiece> pieces;
  for (std::size_t begin = 0; begin < text.text.size();) {
    std::size_t end = begin + 1;
    while (end < text.text.size() && text.from_message(end) == text.from_message(begin)) ++end;
    pieces.push_back({text.text.substr(begin, end - begin), text.from_message(begin)});
    begin = end;
  }
  return pieces;
}

}  // namespace

struct ChatTemplate::Program {
  std::string source, place;
  jinja::Block block;
};

ChatTemplate ChatTemplate::parse(std::string source, std::string_view place) {
  if (source.size() > kMaxSource) fail_input(place, "chat template larger than 1 MiB");
  if (!is_valid_utf8(source)) fail_input(place, "chat template is not valid UTF-8");
  auto program = std::make_shared<Program>();
  program->block = jinja::parse(source, place);
  program->source = std::move(source);
  program->place = place;
  return ChatTemplate(std::move(program));
}

std::vector<TextPiece> ChatTemplate::render(std::span<const Message> messages, const RenderOptions& options) const {
  std::unordered_map<std::string, jinja::Value> variables;
  variables["messages"] = from_messages(messages);
  variables["add_generation_prompt"] = jinja::Value::boolean(options.add_generation_prompt);
  variables["bos_token"] = jinja::Value::string(replace_invalid_utf8(options.bos_token));
  variables["eos_token"] = jinja::Value::string(replace_invalid_utf8(options.eos_token));
  variables["tools"] = jinja::from_json(options.tools);
  variables["documents"] = jinja::Value::none();
  if (!options.extra.is_object()) fail_input(program_->place, "extra template variables must be a JSON object");
  for (const auto& [name, value] : options.extra.items()) variables[name] = jinja::from_json(value);
  jinja::Interpreter interpreter(program_->place, options.unix_time);
  return cut(interpreter.run(program_->block, std::move(variables)));
}

const std::string& ChatTemplate::source() const { return program_->source; }

}  // namespace dormouse::text
