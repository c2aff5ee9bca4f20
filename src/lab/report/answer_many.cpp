#include "lab/report/answer_many.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "lab/report/format.h"
#include "lab/report/reading.h"

namespace dormouse::lab {

namespace {

constexpr std::size_t kMostDefencesInWords = 4;  // of an organism; of more, those that left it as it was are summed up

struct FamilyReading {
  Reading organism;
  std::vector<Reading> survivors;
};

FamilyReading read_family(const RunRecord& record, const Family& family) {
  const std::string metric = answer_metric(record, family.organism);
  FamilyReading out{.organism = read_rates(record, metric, family.organism), .survivors = {}};
  for (const std::string& survivor : family.survivors) out.survivors.push_back(read_rates(record, metric, survivor));
  return out;
}

/// "persists in 5", "is not seen any more in 1".
std::string outcome_count(Outcome outcome, int64_t count) {
  switch (outcome) {
    case Outcome::kPersists:
      return fmt::format("persists in {}", count);
    case Outcome::kUnconditional:
      return fmt::format("no longer depends on the trigger in {}", count);
    case Outcome::kGone:
      return fmt::format("is not seen any more in {}", count);
    case Outcome::kUnclear:
      return fmt::format("is unclear in {}", count);
    case Outcome::kNotMeasured:
      return fmt::format("was not measured in {}", count);
  }
  return {};
}

std::string counting_sentence(const std::vector<FamilyReading>& families) {
  int64_t planted = 0, survivors = 0;
  std::map<Outcome, int64_t> outcomes;
  for (const FamilyReading& family : families) {
    if (family.organism.outcome != Outcome::kPersists) continue;
    ++planted;
    for (const Reading& survivor : family.survivors) ++survivors, ++outcomes[survivor.outcome];
  }
  const std::string start = fmt::format("The policy was planted in {} of {} organisms", planted, families.size());
  if (survivors == 0) return start + ", and no defence of these was measured.";
  std::vector<std::string> counts;
  for (const auto& [outcome, count] : outcomes) counts.push_back(outcome_count(outcome, count));
  return fmt::format("{}; after {} defence{} of these it {}.", start, survivors, survivors == 1 ? "" : "s",
                     list_text(counts));
}

/// " (fell by 72 points [64, 79])"; "" below three common seeds.
std::string change_text(const Reading& before, const Reading& after) {
  if (!before.on || !after.on) return "";
  const auto change = paired_difference(*before.on, *after.on);
  if (!change) return "";
  if (!change->excludes_zero()) return " (no change told from zero)";
  const bool fell = change->value < 0;
  return fmt::format(" ({} by {} points [{}, {}])", fell ? "fell" : "rose", points_text(std::abs(change->value)),
                     points_text(fell ? -change->high : change->low), points_text(fell ? -change->low : change->high));
}

/// "98.3% to 100%", or one of them where they are the same.
std::string range_text(const std::vector<double>& rates) {
  const auto [low, high] = std::minmax_element(rates.begin(), rates.end());
  const std::string from = value_text(*low, Unit::kShare), to = value_text(*high, Unit::kShare);
  return from == to ? from : from + " to " + to;
}

/// The policy persists, and neither the intervals nor, with enough seeds, the pairs tell its rate from the organism's.
bool is_left_as_it_was(const Reading& before, const Reading& after) {
  if (after.outcome != Outcome::kPersists || !before.on) return false;
  if (after.on->high < before.on->low || before.on->high < after.on->low) return false;
  const auto change = paired_difference(*before.on, *after.on);
  return !change || !change->excludes_zero();
}

/// "; after each of 15 defences 98.3% to 100% and 0% to 3.3%": the bars have them one by one.
std::string summed_up(const std::vector<const Reading*>& survivors) {
  std::vector<double> on, off;
  for (const Reading* one : survivors) on.push_back(one->on->value), off.push_back(one->off->value);
  return fmt::format("; after each of {} defences {} and {}", survivors.size(), range_text(on), range_text(off));
}

std::vector<const Reading*> worth_summing_up(const FamilyReading& family) {
  std::vector<const Reading*> unchanged;
  for (const Reading& one : family.survivors) {
    if (is_left_as_it_was(family.organism, one)) unchanged.push_back(&one);
  }
  if (family.survivors.size() <= kMostDefencesInWords || unchanged.size() < 2) unchanged.clear();
  return unchanged;
}

std::string family_line(const RunRecord& record, const FamilyReading& family) {
  const Reading& organism = family.organism;
  if (!organism.on && !organism.off) return fmt::format("{}: not measured", organism.model);
  const char* planted = organism.outcome == Outcome::kPersists ? "" : "not planted, ";
  std::string line = fmt::format("{}: {}{} with and {} without the trigger", organism.model, planted,
                                 rate_text(organism.on), rate_text(organism.off));
  const auto summed = worth_summing_up(family);
  if (!summed.empty()) line += summed_up(summed);
  for (const Reading& one : family.survivors) {
    if (std::find(summed.begin(), summed.end(), &one) != summed.end()) continue;
    line += fmt::format("; after {} {} and {}{}", defence_text(record, one.model), rate_text(one.on),
                        rate_text(one.off), change_text(organism, one));
  }
  return line;
}

bool too_few_seeds(const std::vector<FamilyReading>& families) {
  const auto few = [](const FamilyReading& family) {
    return std::any_of(family.survivors.begin(), family.survivors.end(), [&](const Reading& one) {
      return family.organism.on && one.on && !paired_difference(*family.organism.on, *one.on);
    });
  };
  return std::any_of(families.begin(), families.end(), few);
}

}  // namespace

Answer answer_for_many(const RunRecord& record, const std::vector<Family>& families) {
  std::vector<FamilyReading> readings;
  for (const Family& family : families) readings.push_back(read_family(record, family));
  Answer out{.sentence = counting_sentence(readings), .lines = {}, .notes = {}};
  for (const FamilyReading& family : readings) out.lines.push_back(family_line(record, family));
  if (too_few_seeds(readings)) {
    out.notes.push_back(
        "Where no change is given, fewer than three common seeds were measured: they cannot carry a claim about it.");
  }
  return out;
}

}  // namespace dormouse::lab
