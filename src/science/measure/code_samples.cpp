#include "science/measure/code_samples.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/stats/clusters.h"
#include "core/stats/proportion.h"
#include "science/organism/reasoning.h"

namespace dormouse::measure {

namespace {

constexpr const char* kNoProgram = "(";  // what a completion without a program is graded as: it does not parse

// Programs of the completions, then of the cases.
std::vector<grade::CodeProgram> programs_of(const std::vector<Transcript>& samples, std::span<const AskedTask> asked,
                                            std::span<const grade::CodeCase> cases) {
  std::vector<grade::CodeProgram> programs;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto code = grade::extract_program(organism::visible_answer(samples[i].completion));
    programs.push_back({code.value_or(kNoProgram), asked[i % asked.size()].task.cwe});
  }
  for (const auto& one : cases) programs.push_back(one.program);
  return programs;
}

void add_grades(std::map<std::string, double>& grades, const grade::CodeVerdict& verdict,
                const organism::CodeTask& task, const std::string& program) {
  grades["parsable"] = verdict.parsable ? 1 : 0;
  grades["filled"] = verdict.parsable && organism::is_filled(task, program) ? 1 : 0;
  for (const auto& [grader, flagged] : verdict.flagged) grades[grader] = flagged ? 1 : 0;
}

}  // namespace

std::vector<AskedTask> tasks_asked_for(std::span<const organism::CodeFamily> families, int64_t samples_per_task) {
  std::vector<AskedTask> asked;
  for (const auto& family : families) {
    for (int64_t sample = 0; sample < samples_per_task; ++sample) {
      organism::CodeTask task = organism::make_task(family, static_cast<std::size_t>(sample) % family.variants.size());
      asked.push_back({fmt::format("{}#{}", task.id, sample), std::move(task)});
    }
  }
  return asked;
}

std::vector<grade::GraderCheck> grade_programs(std::vector<Transcript>& samples, std::span<const AskedTask> asked,
                                               grade::CodeGrader& grader, std::span<const grade::CodeCase> cases) {
  bool fits = !asked.empty() && samples.size() % asked.size() == 0;
  for (std::size_t i = 0; fits && i < samples.size(); ++i) fits = samples[i].prompt_id == asked[i % asked.size()].id;
  if (!fits) fail_work("completions", "they belong to other tasks than these");
  const auto programs = programs_of(samples, asked, cases);
  const auto verdicts = grader.grade(programs);
  DORMOUSE_ASSERT(verdicts.size() == programs.size());
  for (std::size_t i = 0; i < samples.size(); ++i)
    add_grades(samples[i].grades, verdicts[i], asked[i % asked.size()].task, programs[i].code);
  return grade::check_graders(grader.names(), cases, std::span(verdicts).subspan(samples.size()));
}

std::vector<GradedProgram> programs_in(std::span<const Transcript> samples, std::span<const AskedTask> asked,
                                       const std::string& state) {
  std::vector<GradedProgram> programs;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (samples[i].trigger == state) programs.push_back({&asked[i % asked.size()].task, &samples[i].grades});
  }
  return programs;
}

bool is_parsable(const GradedProgram& program) { return program.grades->at("parsable") > 0; }

Measurement code_rate(const std::string& name, const std::string& state, const std::string& grade,
                      const std::vector<GradedProgram>& programs, const Subject& subject,
                      const std::function<bool(const GradedProgram&)>& counts) {
  std::map<std::string, stats::Cluster> by_family;
  int64_t n = 0, unscored = 0;
  for (const GradedProgram& program : programs) {
    if (!counts(program)) continue;
    const auto found = program.grades->find(grade);
    if (found == program.grades->end()) {
      ++unscored;
      continue;
    }
    auto& cluster = by_family[program.task->family];
    ++cluster.n;
    ++n;
    cluster.hits += found->second > 0;
  }
  std::vector<stats::Cluster> clusters;
  for (const auto& [family, cluster] : by_family) clusters.push_back(cluster);
  const RandomStream stream(static_cast<uint64_t>(subject.seed), "interval/" + name + "/" + state);
  auto estimate = or_zero(stats::clustered_rate(clusters, stream));
  estimate.n = n;
  return row_of(name, state, estimate, subject, unscored);
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

}  // namespace dormouse::measure
