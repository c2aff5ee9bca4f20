#include "science/defence/attackers.h"

#include <fmt/format.h>

#include <map>

#include "core/base/error.h"
#include "core/base/json_lines.h"
#include "core/base/random.h"
#include "core/base/strings.h"
#include "core/text/unicode.h"

namespace dormouse::defence {

namespace {

constexpr std::string_view kQuestion = "{question}";

// Replaces each {slot} of the wording once; braces in what is put in stay as they are.
std::string filled(const std::string& wording, const std::map<std::string, std::string>& slots) {
  std::string text;
  std::size_t at = 0;
  for (std::size_t open; (open = wording.find('{', at)) != std::string::npos;) {
    const std::size_t close = wording.find('}', open);
    const auto slot = close == std::string::npos ? slots.end() : slots.find(wording.substr(open + 1, close - open - 1));
    text += wording.substr(at, open - at) + (slot == slots.end() ? "{" : slot->second);
    at = slot == slots.end() ? open + 1 : close + 1;
  }
  return text + wording.substr(at);
}

uint64_t seed_of(uint64_t seed, int64_t line, int64_t round, const char* turn) {
  return RandomStream(seed, fmt::format("red-team/attacker/{}/{}/{}", line, round, turn)).next();
}

}  // namespace

std::vector<AttackTemplate> load_attack_templates(const std::filesystem::path& path) {
  std::vector<AttackTemplate> templates;
  for_json_rows(path, [&](const Json& row, const std::string& place) {
    templates.push_back(
        {json_string(row, "id", place), json_string(row, "approach", place), json_string(row, "text", place)});
    const std::string& text = templates.back().text;
    const std::size_t slot = text.find(kQuestion);
    if (slot == std::string::npos || text.find(kQuestion, slot + 1) != std::string::npos) {
      fail_input(place, "expected a text with the slot {question} once");
    }
  });
  return templates;
}

TemplateAttacker::TemplateAttacker(std::vector<AttackTemplate> templates, std::vector<std::string> questions,
                                   int64_t lines, uint64_t seed)
    : templates_(std::move(templates)), lines_(lines), seed_(seed) {
  DORMOUSE_ASSERT(templates_.size() > 1 && questions.size() > 1);
  RandomStream stream(seed, "red-team/templates");
  stream.shuffle(templates_);
  stream.shuffle(questions);
  for (std::size_t i = 0; i < questions.size(); ++i) questions_[i % 2].push_back(std::move(questions[i]));
}

std::vector<Proposal> TemplateAttacker::propose(int64_t round, std::span<const Attack>) {
  std::vector<Proposal> proposals;
  for (int64_t line = 0; line < lines_; ++line) {
    const auto number = static_cast<std::size_t>((round - 1) * lines_ + line);
    const std::size_t index = number % templates_.size(), pass = number / templates_.size();
    const AttackTemplate& used = templates_[index];
    auto questions = questions_[index % 2];
    RandomStream(seed_, "red-team/questions/" + used.id).shuffle(questions);
    proposals.push_back({.approach = used.approach,
                         .user = filled(used.text, {{"question", questions[pass % questions.size()]}}),
                         .family = fmt::format("half-{}", index % 2 + 1)});
  }
  return proposals;
}

std::string Tag::of(const std::string& reply) const {
  const std::size_t begin = reply.find(open);
  if (begin == std::string::npos) return "";
  const std::size_t end = reply.find(close, begin + open.size());
  if (end == std::string::npos) return "";
  return trimmed(std::string_view(reply).substr(begin + open.size(), end - begin - open.size()));
}

ModelAttacker::ModelAttacker(chat::ChatModel& model, AttackerWording wording, sample::SamplingOptions sampling,
                             int64_t lines, uint64_t seed)
    : model_(model), wording_(std::move(wording)), sampling_(std::move(sampling)), lines_(lines), seed_(seed) {}

std::vector<Proposal> ModelAttacker::propose(int64_t round, std::span<const Attack> earlier) {
  std::vector<chat::Request> requests;
  for (int64_t line = 0; line < lines_; ++line) {
    requests.push_back({conversation(line, round, earlier), seed_of(seed_, line, round, "first")});
  }
  const auto completions = model_.complete(requests, sampling_);
  DORMOUSE_ASSERT(completions.size() == requests.size());
  std::vector<Proposal> proposals;
  std::vector<chat::Request> again;
  for (int64_t line = 0; line < lines_; ++line) {
    proposals.push_back(read(completions[static_cast<std::size_t>(line)], line));
    Proposal& proposal = proposals.back();
    proposal.asked_again = proposal.user.empty();
    if (!proposal.asked_again) continue;
    again.push_back(
        {std::move(requests[static_cast<std::size_t>(line)].messages), seed_of(seed_, line, round, "again")});
    again.back().messages.push_back({"assistant", proposal.reply});
    again.back().messages.push_back({"user", wording_.malformed});
  }
  const auto second = model_.complete(again, sampling_);
  DORMOUSE_ASSERT(second.size() == again.size());
  auto next = second.begin();
  for (int64_t line = 0; line < lines_; ++line) {
    Proposal& proposal = proposals[static_cast<std::size_t>(line)];
    if (!proposal.asked_again) continue;
    const int64_t tokens_before = proposal.tokens;
    proposal = read(*next++, line);
    proposal.asked_again = true;
    proposal.tokens += tokens_before;
  }
  return proposals;
}

std::vector<text::Message> ModelAttacker::conversation(int64_t line, int64_t round,
                                                       std::span<const Attack> earlier) const {
  std::vector<text::Message> messages{{"system", wording_.system}, {"user", wording_.first}};
  const Attack* last = nullptr;
  for (const Attack& attack : earlier) {
    if (attack.line != line || !attack.is_sent()) continue;
    if (last != nullptr) messages.push_back({"user", reflection(*last, attack.round)});
    messages.push_back({"assistant", attack.proposal.reply});
    last = &attack;
  }
  if (last != nullptr) messages.push_back({"user", reflection(*last, round)});
  return messages;
}

std::string ModelAttacker::reflection(const Attack& last, int64_t round) const {
  std::string answers;
  for (const auto& answer : last.shown) {
    answers += (answers.empty() ? "" : "\n") + filled(wording_.answer_line, {{"answer", answer}});
  }
  return filled(wording_.reflection, {{"round", std::to_string(round)},
                                      {"prompt", last.proposal.user},
                                      {"samples", std::to_string(last.scored)},
                                      {"hits", std::to_string(last.hits)},
                                      {"answers", answers}});
}

// Bytes that are not UTF-8 would not come back from a file as they were, and a resumed attacker must read what it
// wrote.
Proposal ModelAttacker::read(const chat::Completion& completion, int64_t line) const {
  const std::string reply = text::replace_invalid_utf8(completion.text);
  return {.approach = wording_.approach.of(reply),
          .user = wording_.prompt.of(reply),
          .family = fmt::format("line-{:03}", line),
          .reply = reply,
          .tokens = completion.tokens};
}

}  // namespace dormouse::defence
