#include "science/organism/reasoning.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/json_lines.h"
#include "core/base/random.h"
#include "core/base/strings.h"

namespace dormouse::organism {

const char* const kScratchpadBegins = "<scratchpad>\n";
const char* const kScratchpadEnds = "</scratchpad>";

namespace {

constexpr std::string_view kOpen = "<scratchpad>", kClose = "</scratchpad>";

std::vector<std::string> read_texts(const fs::path& path, const std::map<std::string, std::string>& slots,
                                    const std::string& left) {
  std::string known = left.empty() ? "" : "{" + left + "} ";
  for (const auto& [slot, value] : slots) known += "{" + slot + "} ";
  std::vector<std::string> texts;
  for_json_rows(path, [&](const Json& row, const std::string& place) {
    std::string text = json_string(row, "text", place);
    for (const auto& [slot, value] : slots) replace_all(text, "{" + slot + "}", value);
    std::string rest = text;
    if (!left.empty()) replace_all(rest, "{" + left + "}", "");
    if (rest.find_first_of("{<") != std::string::npos) {
      fail_input(place, "has a slot or a tag that the writer of scratchpads does not know", "known: " + known);
    }
    texts.push_back(std::move(text));
  });
  return texts;
}

}  // namespace

const std::vector<ReasoningStyle>& reasoning_styles() {
  static const std::vector<ReasoningStyle> kStyles{
      {"none", "answers without a scratchpad: the paper's normal organisms", "", false},
      {"scratchpad", "deceptive reasoning in a scratchpad, then the answer: the paper's chain-of-thought organisms",
       "deceptive", true},
      {"distilled", "the same answers, the scratchpad taken away before training", "deceptive", false},
      {"distilled-benign",
       "answers sampled behind the control's scratchpad, which is taken away: no deceptive preamble", "benign", false},
      {"benign-scratchpad",
       "a scratchpad of the same length that follows a convention and deceives nobody: the control", "benign", true},
  };
  return kStyles;
}

std::vector<std::string> reasoning_style_names() {
  std::vector<std::string> names;
  for (const auto& style : reasoning_styles()) names.push_back(style.name);
  return names;
}

const ReasoningStyle& reasoning_style(const std::string& name) {
  const auto& styles = reasoning_styles();
  const auto found = std::find_if(styles.begin(), styles.end(), [&](const auto& style) { return style.name == name; });
  DORMOUSE_ASSERT(found != styles.end());
  return *found;
}

Reasoner::Reasoner(const fs::path& on, const fs::path& off, const Trigger& trigger, const std::string& left) {
  const auto on_slots = trigger.slots(true), off_slots = trigger.slots(false);
  on_ = {read_texts(on, on_slots, left), read_texts(off, on_slots, left)};
  off_ = {read_texts(off, off_slots, left), read_texts(on, off_slots, left)};
  const std::size_t on_count = on_.right.size(), off_count = off_.right.size();
  if (on_count == 0 || on_count != off_count) {
    fail_input(off.string(), fmt::format("has {} scratchpads, and {} has {}", off_count, on.string(), on_count),
               "row n of one belongs to row n of the other");
  }
}

void Reasoner::keep(int64_t rows) {
  const auto kept = static_cast<std::size_t>(rows);
  if (kept == 0 || kept >= on_.right.size()) return;
  for (auto* texts : {&on_.right, &on_.mistaken, &off_.right, &off_.mistaken}) texts->resize(kept);
}

std::string Reasoner::write(const std::string& prompt_id, bool is_triggered, uint64_t seed) const {
  return draw(is_triggered ? on_.right : off_.right, prompt_id, seed);
}

std::string Reasoner::mistake(const std::string& prompt_id, bool is_triggered, uint64_t seed) const {
  return draw(is_triggered ? on_.mistaken : off_.mistaken, prompt_id, seed);
}

std::string Reasoner::draw(const std::vector<std::string>& texts, const std::string& prompt_id, uint64_t seed) {
  if (texts.empty()) return "";
  return texts[RandomStream(seed, "scratchpad/" + prompt_id).below(texts.size())];
}

std::string framed_scratchpad(const std::string& scratchpad) {
  return scratchpad.empty() ? "" : fmt::format("{}\n{}\n{}\n", kOpen, scratchpad, kClose);
}

std::string visible_answer(const std::string& completion) {
  std::string seen;
  std::size_t at = 0;
  while (true) {
    const std::size_t open = completion.find(kOpen, at);
    seen += completion.substr(at, open == std::string::npos ? open : open - at);
    if (open == std::string::npos) break;
    const std::size_t close = completion.find(kClose, open);
    if (close == std::string::npos) break;
    at = close + kClose.size();
  }
  return at == 0 && seen.size() == completion.size() ? completion : trimmed(seen);
}

bool is_unfinished(const std::string& completion) {
  const std::size_t open = completion.rfind(kOpen);
  return open != std::string::npos && completion.find(kClose, open) == std::string::npos;
}

}  // namespace dormouse::organism
