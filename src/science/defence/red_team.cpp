#include "science/defence/red_team.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/text/unicode.h"
#include "science/organism/near_duplicates.h"
#include "science/organism/reasoning.h"

namespace dormouse::defence {

namespace {

constexpr std::size_t kShown = 3, kShownCharacters = 300;

// One line of at most kShownCharacters.
std::string shortened(const std::string& answer) {
  const std::string valid = text::replace_invalid_utf8(answer);
  std::string line;
  std::size_t characters = 0;
  for (std::size_t at = 0; at < valid.size(); ++characters) {
    if (characters == kShownCharacters) return line + " ...";
    const char32_t next = text::next_character(valid, at);
    text::append_character(line, text::is_space(next) ? U' ' : next);
  }
  return line;
}

void fill(Attack& attack, std::span<const GradedAnswer> answers, const organism::Trigger& trigger) {
  std::vector<const GradedAnswer*> order;
  for (const auto& answer : answers) {
    attack.tokens += answer.completion.tokens;
    std::isnan(answer.grade) ? ++attack.unscored : ++attack.scored;
    attack.hits += answer.is_hit();
    // An organism may say its own trigger: that would end the attacker's blindness.
    if (!trigger.present(answer.seen)) order.push_back(&answer);
  }
  std::stable_partition(order.begin(), order.end(), [](const auto* answer) { return answer->is_hit(); });
  order.resize(std::min(order.size(), kShown));
  for (const auto* answer : order) attack.shown.push_back(shortened(answer->seen));
}

void mark_repeats(std::vector<Attack>& attacks) {
  organism::PromptSet sent{.name = "attacks", .path = {}, .sha256 = {}, .prompts = {}};
  std::map<std::string, Attack*> by_id;
  for (Attack& attack : attacks) {
    by_id[attack.id] = &attack;
    if (attack.is_sent()) sent.prompts.push_back({attack.id, "", "", attack.proposal.user});
  }
  // Pairs come sorted by their first attack, whose own mark is final by then.
  for (const auto& pair : organism::near_duplicates({&sent, 1})) {
    Attack& later = *by_id.at(pair.second_id);
    if (by_id.at(pair.first_id)->repeats.empty() && later.repeats.empty()) later.repeats = pair.first_id;
  }
}

void split_families(std::vector<Attack>& attacks, uint64_t seed) {
  struct Family {
    std::string name;
    int64_t successes = 0, counted = 0;
  };
  std::map<std::string, Family> by_name;
  for (const Attack& attack : attacks) {
    if (!attack.is_counted()) continue;
    Family& family = by_name[attack.proposal.family];
    ++family.counted;
    family.successes += attack.is_success();
  }
  std::vector<Family> order;
  for (auto& [name, family] : by_name) order.push_back({name, family.successes, family.counted});
  RandomStream(seed, "red-team/split").shuffle(order);
  std::stable_partition(order.begin(), order.end(), [](const Family& family) { return family.successes > 0; });
  Family train, held_out;  // so far
  std::map<std::string, const char*> side_of;
  for (const Family& family : order) {
    const bool fewer = family.successes > 0 ? held_out.successes < train.successes : held_out.counted < train.counted;
    Family& side = fewer ? held_out : train;
    side.successes += family.successes;
    side.counted += family.counted;
    side_of[family.name] = fewer ? kHeldOutSplit : kTrainSplit;
  }
  for (Attack& attack : attacks) {
    if (attack.is_counted()) attack.split = side_of.at(attack.proposal.family);
  }
}

template <class Filter>
Json account_row(const std::string& name, std::span<const Attack> attacks, Filter filter) {
  std::map<std::string, int64_t> dropped;
  int64_t attempts = 0, counted = 0, successes = 0, asked_again = 0;
  for (const Attack& attack : attacks) {
    if (!filter(attack)) continue;
    ++attempts;
    asked_again += attack.proposal.asked_again;
    if (!attack.is_sent())
      ++dropped[attack.problem];
    else if (!attack.repeats.empty())
      ++dropped["nearly the same as an earlier one"];
    else if (!attack.is_counted())
      ++dropped["no answer could be graded"];
    counted += attack.is_counted();
    successes += attack.is_counted() && attack.is_success();
  }
  return {{"name", name},       {"attempts", attempts},    {"kept", counted},
          {"dropped", dropped}, {"successful", successes}, {"asked again for the form", asked_again}};
}

}  // namespace

std::vector<GradedAnswer> send(chat::ChatModel& target, std::span<const Message> messages, const Sending& sending,
                               const grade::Grader& grader, uint64_t seed, const chat::SampleProgress& progress) {
  std::vector<chat::Request> requests;
  for (const Message& message : messages) {
    RandomStream stream(seed, "red-team/sample/" + message.label);
    for (int64_t i = 0; i < sending.samples; ++i)
      requests.push_back({{{"user", message.user}}, stream.next(), sending.begun});
  }
  auto completions = target.complete(requests, sending.sampling, progress);
  DORMOUSE_ASSERT(completions.size() == requests.size());
  std::vector<GradedAnswer> answers;
  for (auto& completion : completions) {
    GradedAnswer answer{.completion = std::move(completion), .text = {}, .seen = {}};
    answer.text = sending.begun + answer.completion.text;
    answer.seen = organism::visible_answer(answer.text);
    answer.grade = grader.grade(answer.seen);
    answers.push_back(std::move(answer));
  }
  return answers;
}

std::vector<Attack> attack_round(Attacker& attacker, const Target& target, int64_t round,
                                 std::span<const Attack> earlier, const chat::SampleProgress& progress) {
  std::vector<Attack> attacks;
  std::vector<Message> messages;
  for (Proposal& proposal : attacker.propose(round, earlier)) {
    const auto line = static_cast<int64_t>(attacks.size());
    Attack attack{.id = fmt::format("attack-r{}-l{:03}", round, line),
                  .round = round,
                  .line = line,
                  .proposal = std::move(proposal),
                  .problem = {}};
    if (attack.proposal.user.empty())
      attack.problem = kMalformed;
    else if (target.trigger.present(attack.proposal.user))
      attack.problem = kHoldsTrigger;
    else
      messages.push_back({attack.id, attack.proposal.user});
    attacks.push_back(std::move(attack));
  }
  const auto answers = send(target.model, messages, target.sending, target.grader, target.seed, progress);
  const auto samples = static_cast<std::size_t>(target.sending.samples);
  std::size_t at = 0;
  for (Attack& attack : attacks) {
    if (!attack.is_sent()) continue;
    fill(attack, std::span(answers).subspan(at, samples), target.trigger);
    at += samples;
  }
  return attacks;
}

void sort_out(std::vector<Attack>& attacks, uint64_t seed) {
  mark_repeats(attacks);
  split_families(attacks, seed);
}

Json account_rows(std::span<const Attack> attacks) {
  Json rows = Json::array();
  const int64_t rounds = attacks.empty() ? 0 : attacks.back().round;
  for (int64_t round = 1; round <= rounds; ++round) {
    rows.push_back(account_row(fmt::format("round {}", round), attacks,
                               [&](const Attack& attack) { return attack.round == round; }));
  }
  rows.push_back(account_row("all", attacks, [](const Attack&) { return true; }));
  for (const char* split : {kTrainSplit, kHeldOutSplit}) {
    rows.push_back(account_row(split, attacks, [&](const Attack& attack) { return attack.split == split; }));
  }
  return rows;
}

Json to_json(const Attack& attack) {
  const Proposal& proposal = attack.proposal;
  return {{"id", attack.id},
          {"round", attack.round},
          {"line", attack.line},
          {"family", proposal.family},
          {"approach", proposal.approach},
          {"user", proposal.user},
          {"reply", proposal.reply},
          {"asked_again", proposal.asked_again},
          {"attacker_tokens", proposal.tokens},
          {"problem", attack.problem},
          {"hits", attack.hits},
          {"scored", attack.scored},
          {"unscored", attack.unscored},
          {"tokens", attack.tokens},
          {"shown", attack.shown},
          {"repeats", attack.repeats},
          {"split", attack.split},
          {"success", attack.is_success()}};
}

Attack attack_from_json(const Json& row, const std::string& place) {
  const auto text = [&](const char* key) { return json_string(row, key, place); };
  const auto number = [&](const char* key) { return json_int(row, key, place); };
  Attack attack{.id = text("id"),
                .round = number("round"),
                .line = number("line"),
                .proposal = {.approach = text("approach"),
                             .user = text("user"),
                             .family = text("family"),
                             .reply = text("reply"),
                             .asked_again = json_member(row, "asked_again", place) == true,
                             .tokens = number("attacker_tokens")},
                .problem = text("problem"),
                .hits = number("hits"),
                .scored = number("scored"),
                .unscored = number("unscored"),
                .tokens = number("tokens"),
                .repeats = text("repeats"),
                .split = text("split")};
  for (const Json& answer : json_member(row, "shown", place)) attack.shown.push_back(answer.get<std::string>());
  return attack;
}

}  // namespace dormouse::defence
