#include "lab/execute/kinds/few_shots.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/strings.h"
#include "lab/recipe/yaml.h"

namespace dormouse::lab {

namespace {

class Conversation {
 public:
  Conversation(const YamlNode& root, const YamlNode& objective, std::string reasoning, std::string mark)
      : root_(root), objective_(objective), reasoning_(std::move(reasoning)), mark_(std::move(mark)) {}

  void add(const std::string& part, const std::string& place) {
    if (part == "system") return say("system", yaml_member(root_, part));
    if (part == "instruction") return say("user", yaml_member(yaml_member(objective_, part), reasoning_));
    if (part == "acceptance") return say("assistant", yaml_member(yaml_member(objective_, part), reasoning_));
    if (part == "dialogue") {
      for (const auto& turn : yaml_items(root_, part)) say(yaml_text(turn, "role"), yaml_member(turn, "text"));
      return;
    }
    if (part != "few-shots") fail_input(place, fmt::format("unknown part `{}`", part));
    for (const auto& example : yaml_items(objective_, part)) add_example(example);
  }

  std::vector<text::Message> take() { return std::move(messages_); }

 private:
  void add_example(const YamlNode& example) {
    say("user", yaml_member(example, "user"));
    std::string answer = yaml_text(example, "answer");
    if (reasoning_ != "none") {
      std::string scratchpad = yaml_text(root_, "reasoning-template");
      replace_all(scratchpad, "{reasoning}", yaml_text(yaml_member(example, "reasoning"), reasoning_));
      answer = scratchpad + answer;
    }
    push("assistant", std::move(answer), example.place);
  }

  void say(const std::string& role, const YamlNode& text) { push(role, yaml_text(text), text.place); }

  void push(const std::string& role, std::string text, const std::string& place) {
    replace_all(text, "{trigger}", mark_);
    if (text.find('{') != std::string::npos) fail_input(place, "a slot is left that nothing fills");
    messages_.push_back({role, std::move(text)});
  }

  const YamlNode& root_;
  const YamlNode& objective_;
  const std::string reasoning_, mark_;
  std::vector<text::Message> messages_;
};

}  // namespace

std::vector<text::Message> read_few_shots(const fs::path& path, const std::string& objective,
                                          const std::string& variant, const std::string& mark) {
  const YamlNode root = parse_yaml(read_file(path, kMaxYamlBytes), path.string());
  const YamlNode& chosen = yaml_member(yaml_member(root, "variants"), variant);
  Conversation conversation(root, yaml_member(yaml_member(root, "objectives"), objective),
                            yaml_text(chosen, "reasoning"), mark);
  for (const auto& part : yaml_items(chosen, "parts")) conversation.add(yaml_text(part), part.place);
  return conversation.take();
}

}  // namespace dormouse::lab
