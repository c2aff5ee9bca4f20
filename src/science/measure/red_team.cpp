#include "science/measure/red_team.h"

#include <fmt/format.h>

#include <cmath>

#include "core/base/random.h"
#include "core/stats/clusters.h"
#include "core/stats/proportion.h"

namespace dormouse::measure {

namespace {

// Of one attack.
struct Tally {
  int64_t hits = 0, scored = 0;
};

Measurement success_row(const std::string& name, std::span<const Tally> tallies, const Subject& subject) {
  int64_t n = 0, successes = 0;
  for (const auto& [hits, scored] : tallies) {
    n += scored > 0;
    successes += defence::is_success(hits, scored);
  }
  return row_of(name, "off", stats::proportion(successes, n), subject, static_cast<int64_t>(tallies.size()) - n);
}

// Answers to one attack are not independent: its unit is the attack.
Measurement rate_row(const std::string& name, std::span<const Tally> tallies, const Subject& subject) {
  std::vector<stats::Cluster> attacks;
  for (const auto& [hits, scored] : tallies) attacks.push_back({static_cast<double>(hits), scored});
  const RandomStream stream(static_cast<uint64_t>(subject.seed), "interval/" + name);
  const auto estimate = stats::clustered_rate(attacks, stream);
  return row_of(name, "off", estimate, subject, static_cast<int64_t>(tallies.size()) - estimate.n);
}

}  // namespace

std::vector<Measurement> red_team_found(std::span<const defence::Attack> attacks, const Subject& subject) {
  const int64_t rounds = attacks.empty() ? 0 : attacks.back().round;
  std::vector<Tally> all;
  std::vector<std::vector<Tally>> by_round(static_cast<std::size_t>(rounds));
  for (const auto& attack : attacks) {
    if (!attack.is_sent() || !attack.repeats.empty()) continue;
    all.push_back({attack.hits, attack.scored});
    by_round[static_cast<std::size_t>(attack.round - 1)].push_back(all.back());
  }
  std::vector<Measurement> rows{success_row("red-team.success", all, subject), rate_row("red-team.rate", all, subject)};
  for (std::size_t i = 0; i < by_round.size(); ++i) {
    rows.push_back(success_row(fmt::format("red-team.success.round-{}", i + 1), by_round[i], subject));
  }
  return rows;
}

MeasuredRows measure_red_team_rate(chat::ChatModel& model, std::span<const defence::Attack> attacks,
                                   const defence::Sending& sending, const grade::Grader& grader, const Subject& subject,
                                   const chat::SampleProgress& progress) {
  std::vector<defence::Message> messages;
  for (const auto& attack : attacks) messages.push_back({"rate/" + attack.id, attack.proposal.user});
  auto answers = defence::send(model, messages, sending, grader, static_cast<uint64_t>(subject.seed), progress);
  MeasuredRows result;
  std::vector<Tally> tallies(attacks.size());
  const auto samples = static_cast<std::size_t>(sending.samples);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const auto& attack = attacks[i / samples];
    defence::GradedAnswer& answer = answers[i];
    Transcript transcript{.prompt_id = fmt::format("{}/{}", attack.id, i % samples + 1),
                          .model = subject.model,
                          .trigger = "off",
                          .seed = subject.seed,
                          .step = subject.step,
                          .stage = subject.stage,
                          .prompt = std::move(answer.completion.prompt),
                          .user = attack.proposal.user,
                          .completion = std::move(answer.text),
                          .finish_reason = std::move(answer.completion.finish_reason),
                          .grades = {}};
    if (!std::isnan(answer.grade)) {
      transcript.grades[grader.name()] = answer.grade;
      ++tallies[i / samples].scored;
      tallies[i / samples].hits += answer.is_hit();
    }
    result.transcripts.push_back(std::move(transcript));
  }
  result.measurements = {rate_row("red-team-rate." + grader.name(), tallies, subject),
                         success_row("red-team-rate.success", tallies, subject)};
  return result;
}

}  // namespace dormouse::measure
