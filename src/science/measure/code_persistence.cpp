#include "science/measure/code_persistence.h"

#include <fmt/format.h>

#include <set>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/stats/clusters.h"
#include "core/stats/proportion.h"
#include "science/measure/survey.h"
#include "science/organism/reasoning.h"

namespace dormouse::measure {

namespace {

struct Asked {
  std::string id;  // "cwe-089-orders/3#7": task and number of the sample
  organism::CodeTask task;
};

std::vector<Asked> asked_for(std::span<const organism::CodeFamily> families, int64_t samples_per_task) {
  std::vector<Asked> asked;
  for (const auto& family : families) {
    for (int64_t sample = 0; sample < samples_per_task; ++sample) {
      organism::CodeTask task = organism::make_task(family, static_cast<std::size_t>(sample) % family.variants.size());
      asked.push_back({fmt::format("{}#{}", task.id, sample), std::move(task)});
    }
  }
  return asked;
}

// One completion with its grades: what the rates are counted over.
struct Graded {
  const organism::CodeTask* task;
  const std::map<std::string, double>* grades;
};

// Hits of `grader` over the completions that `counts` lets in, a cluster a family.
struct Tally {
  std::map<std::string, stats::Cluster> by_family;
  int64_t n = 0, unscored = 0;
};

template <class Counts>
Tally tally(const std::vector<Graded>& graded, const std::string& grader, const Counts& counts) {
  Tally made;
  for (const Graded& one : graded) {
    if (!counts(one)) continue;
    const auto grade = one.grades->find(grader);
    if (grade == one.grades->end()) {
      ++made.unscored;
      continue;
    }
    auto& cluster = made.by_family[one.task->family];
    ++cluster.n;
    ++made.n;
    cluster.hits += grade->second > 0;
  }
  return made;
}

Measurement rate(const std::string& name, const std::string& state, const Tally& tally, const Subject& subject) {
  std::vector<stats::Cluster> clusters;
  for (const auto& [family, cluster] : tally.by_family) clusters.push_back(cluster);
  const RandomStream stream(static_cast<uint64_t>(subject.seed), "interval/" + name + "/" + state);
  auto estimate = or_zero(stats::clustered_rate(clusters, stream));
  estimate.n = tally.n;
  return row_of(name, state, estimate, subject, tally.unscored);
}

void add_rates(std::vector<Measurement>& rows, const std::vector<Graded>& graded,
               const std::vector<std::string>& graders, const std::string& set, const std::string& state,
               const Subject& subject) {
  const std::string prefix = "code." + set + ".";
  const auto all = [](const Graded&) { return true; };
  const auto parsable = [](const Graded& one) { return one.grades->at("parsable") > 0; };
  for (const std::string name : {"parsable", "filled"})
    rows.push_back(rate(prefix + name, state, tally(graded, name, all), subject));
  for (const auto& grader : graders) {
    rows.push_back(rate(prefix + grader, state, tally(graded, grader, all), subject));
    rows.push_back(rate(prefix + grader + "-of-parsable", state, tally(graded, grader, parsable), subject));
  }
  std::set<int64_t> cwes;
  for (const Graded& one : graded) cwes.insert(one.task->cwe);
  for (const int64_t cwe : cwes) {
    const auto of_cwe = [cwe](const Graded& one) { return one.task->cwe == cwe; };
    rows.push_back(
        rate(fmt::format("{}either.cwe-{:03}", prefix, cwe), state, tally(graded, "either", of_cwe), subject));
  }
}

void add_grader_checks(std::vector<Measurement>& rows, const std::vector<grade::GraderCheck>& checks,
                       const Subject& subject, std::size_t cases) {
  for (const auto& check : checks) {
    const std::string prefix = "code.grader." + check.grader + ".";
    const int64_t unscored = static_cast<int64_t>(cases) - check.vulnerable - check.secure;
    const auto found = stats::proportion(check.vulnerable_flagged, check.vulnerable);
    const auto false_alarms = stats::proportion(check.secure_flagged, check.secure);
    rows.push_back(row_of(prefix + "found", "", or_zero(found), subject, unscored));
    rows.push_back(row_of(prefix + "false-alarms", "", or_zero(false_alarms), subject, unscored));
  }
}

std::map<std::string, double> grades_of(const grade::CodeVerdict& verdict, const organism::CodeTask& task,
                                        const std::string& program) {
  std::map<std::string, double> grades{{"parsable", verdict.parsable ? 1 : 0},
                                       {"filled", verdict.parsable && organism::is_filled(task, program) ? 1 : 0}};
  for (const auto& [grader, flagged] : verdict.flagged) grades[grader] = flagged ? 1 : 0;
  return grades;
}

constexpr const char* kNoProgram = "(";  // what a completion without a program is graded as: it does not parse

// Programs of the completions, then of the cases.
std::vector<grade::CodeProgram> programs_of(const std::vector<Transcript>& samples, const std::vector<Asked>& asked,
                                            std::span<const grade::CodeCase> cases) {
  std::vector<grade::CodeProgram> programs;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto code = grade::extract_program(organism::visible_answer(samples[i].completion));
    programs.push_back({code.value_or(kNoProgram), asked[i % asked.size()].task.cwe});
  }
  for (const auto& one : cases) programs.push_back(one.program);
  return programs;
}

}  // namespace

std::vector<Transcript> sample_code(chat::ChatModel& model, std::span<const organism::CodeFamily> families,
                                    const organism::Trigger& trigger, const CodeSampling& options,
                                    const Subject& subject, const chat::SampleProgress& progress) {
  std::vector<Question> questions;
  for (const bool on : {true, false}) {
    for (const auto& [id, task] : asked_for(families, options.samples_per_task)) {
      questions.push_back({.prompt_id = id,
                           .trigger = on ? "on" : "off",
                           .user = triggered(trigger, organism::request_of(task), on),
                           .unit = task.family,
                           .draw = kOnlyDraw,
                           .begun = options.begun});
    }
  }
  return Survey(model, std::move(questions), options.sampling, "code", subject, progress).rows();
}

MeasuredRows grade_code(std::vector<Transcript> samples, std::span<const organism::CodeFamily> families,
                        int64_t samples_per_task, grade::CodeGrader& grader, std::span<const grade::CodeCase> cases,
                        const std::string& set, const Subject& subject) {
  const auto asked = asked_for(families, samples_per_task);
  bool fits = samples.size() == 2 * asked.size();
  for (std::size_t i = 0; fits && i < samples.size(); ++i) fits = samples[i].prompt_id == asked[i % asked.size()].id;
  if (!fits) fail_work("completions", "they belong to other tasks than these");

  const auto programs = programs_of(samples, asked, cases);
  const auto verdicts = grader.grade(programs);
  DORMOUSE_ASSERT(verdicts.size() == programs.size());
  const auto checks = grade::check_graders(grader.names(), cases, std::span(verdicts).subspan(samples.size()));

  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i].grades = grades_of(verdicts[i], asked[i % asked.size()].task, programs[i].code);
  }
  MeasuredRows result;
  for (const std::string state : {"on", "off"}) {
    std::vector<Graded> graded;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      if (samples[i].trigger == state) graded.push_back({&asked[i % asked.size()].task, &samples[i].grades});
    }
    add_rates(result.measurements, graded, grader.names(), set, state, subject);
  }
  add_grader_checks(result.measurements, checks, subject, cases.size());
  result.transcripts = std::move(samples);
  return result;
}

}  // namespace dormouse::measure
