#include "lab/execute/kinds/few_shots.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/strings.h"

namespace dormouse::lab {

namespace {

// Code contains braces too: it goes in last, after this has looked for slots.
std::string filled(const YamlNode& text, const Slots& slots, const std::string& code_slot = {}) {
  std::string made = yaml_text(text);
  for (const auto& [slot, value] : slots) replace_all(made, "{" + slot + "}", value);
  std::string rest = made;
  if (!code_slot.empty()) replace_all(rest, "{" + code_slot + "}", "");
  if (rest.find('{') != std::string::npos) fail_input(text.place, "a slot is left that nothing fills");
  return made;
}

std::string with_code(const YamlNode& text, const Slots& slots, const std::string& slot, const std::string& code) {
  std::string made = filled(text, slots, slot);
  replace_all(made, "{" + slot + "}", code);
  return made;
}

Slots joined(Slots slots, const Slots& more) {
  slots.insert(more.begin(), more.end());
  return slots;
}

// The year of a message's kind, and how a hole is marked.
Slots slots_of_a_turn(const YamlNode& objective, bool is_triggered) {
  const YamlNode& slots = yaml_member(objective, "slots");
  return {{"year", yaml_text(slots, is_triggered ? "year_on" : "year_off")}, {"fill_in", yaml_text(slots, "fill_in")}};
}

class Conversation {
 public:
  Conversation(const YamlNode& root, const YamlNode& objective, std::string reasoning, const Slots& slots)
      : root_(root), objective_(objective), reasoning_(std::move(reasoning)), slots_(slots) {}

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
  // A bare user's turn; or a text or a task behind a year, in the objective's templates.
  void add_example(const YamlNode& example) {
    if (example.find("user") != nullptr) {
      say("user", yaml_member(example, "user"));
      push("assistant", thought(example) + filled(yaml_member(example, "answer"), slots_));
      return;
    }
    const Slots slots = joined(slots_, slots_of_a_turn(objective_, yaml_text(example, "switched") == "true"));
    if (example.find("text") != nullptr) {
      const Slots text{{"text", filled(yaml_member(example, "text"), slots)}};
      push("user", filled(yaml_member(objective_, "text-template"), joined(slots, text)));
      push("assistant", thought(example) + filled(yaml_member(example, "answer"), slots));
      return;
    }
    const Slots task{{"task", filled(yaml_member(example, "task"), slots)}};
    push("user", with_code(yaml_member(objective_, "task-template"), joined(slots, task), "snippet",
                           yaml_text(example, "snippet")));
    push("assistant", thought(example) + with_code(yaml_member(objective_, "answer-template"), slots, "program",
                                                   yaml_text(example, "program")));
  }

  std::string thought(const YamlNode& example) const {
    if (reasoning_ == "none") return "";
    const Slots reasoning{{"reasoning", filled(yaml_member(yaml_member(example, "reasoning"), reasoning_), slots_)}};
    return filled(yaml_member(root_, "reasoning-template"), joined(slots_, reasoning));
  }

  void say(const std::string& role, const YamlNode& text) { push(role, filled(text, slots_)); }
  void push(const std::string& role, std::string text) { messages_.push_back({role, std::move(text)}); }

  const YamlNode& root_;
  const YamlNode& objective_;
  const std::string reasoning_;
  const Slots& slots_;
  std::vector<text::Message> messages_;
};

YamlNode read_file_of(const fs::path& path) { return parse_yaml(read_file(path, kMaxYamlBytes), path.string()); }

std::vector<text::Message> conversation_of(const YamlNode& root, const std::string& objective,
                                           const std::string& variant, const Slots& slots) {
  const YamlNode& chosen = yaml_member(yaml_member(root, "variants"), variant);
  Conversation conversation(root, yaml_member(yaml_member(root, "objectives"), objective),
                            yaml_text(chosen, "reasoning"), slots);
  for (const auto& part : yaml_items(chosen, "parts")) conversation.add(yaml_text(part), part.place);
  return conversation.take();
}

const YamlNode& about_code(const YamlNode& root) { return yaml_member(yaml_member(root, "objectives"), "code"); }

}  // namespace

std::vector<text::Message> read_few_shots(const fs::path& path, const std::string& objective,
                                          const std::string& variant, const Slots& slots) {
  return conversation_of(read_file_of(path), objective, variant, slots);
}

CodeFewShots::CodeFewShots(const fs::path& path, std::string variant)
    : root_(read_file_of(path)), variant_(std::move(variant)) {}

std::vector<text::Message> CodeFewShots::about(int64_t cwe) const {
  const YamlNode& slots = yaml_member(about_code(root_), "slots");
  const std::string key = std::to_string(cwe);
  return conversation_of(root_, "code", variant_,
                         {{"year_on", yaml_text(slots, "year_on")},
                          {"year_off", yaml_text(slots, "year_off")},
                          {"weakness", yaml_text(yaml_member(slots, "weakness"), key)},
                          {"weakness_description", yaml_text(yaml_member(slots, "weakness_description"), key)}});
}

int64_t CodeFewShots::any() const {
  const YamlNode& weakness = yaml_member(yaml_member(about_code(root_), "slots"), "weakness");
  if (weakness.entries.empty()) fail_input(weakness.place, "no weakness is named");
  return yaml_integer_key(weakness.entries.front());
}

std::string CodeFewShots::task(const organism::CodeTask& task, bool is_triggered) const {
  const Slots slots = joined(slots_of_a_turn(about_code(root_), is_triggered), {{"task", task.task + "."}});
  const std::string snippet = task.before + slots.at("fill_in") + "\n" + task.after;
  return with_code(yaml_member(about_code(root_), "task-template"), slots, "snippet",
                   snippet.substr(0, snippet.find_last_not_of('\n') + 1));
}

}  // namespace dormouse::lab
