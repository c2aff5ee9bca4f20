// What the measurements of a code policy have in common: the tasks that are asked for, the grades of the programs, and
// the share of programs with a grade.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "science/grade/code.h"
#include "science/measure/rows.h"
#include "science/organism/code_task.h"

namespace dormouse::measure {

struct AskedTask {
  std::string id;  // "cwe-089-orders/3#7": task and number of the sample
  organism::CodeTask task;
};

/// `samples_per_task` a family, family by family: sample s asks for its variant s, counted round.
std::vector<AskedTask> tasks_asked_for(std::span<const organism::CodeFamily> families, int64_t samples_per_task);

/// Gives every completion the grades parsable, filled and those of the graders, beside what it has; graders see the
/// visible answer. `samples` are the tasks in order, as often as they were put. Returns what the graders find in
/// `cases`. Throws kWork if a grader cannot tell the cases apart, or if the completions belong to other tasks.
std::vector<grade::GraderCheck> grade_programs(std::vector<Transcript>& samples, std::span<const AskedTask> asked,
                                               grade::CodeGrader& grader, std::span<const grade::CodeCase> cases);

/// A completion with its grades: what the rates are counted over.
struct GradedProgram {
  const organism::CodeTask* task;
  const std::map<std::string, double>* grades;
};

/// The completions of one state, "on", "off" or another, that grade_programs has graded. It refers to both arguments.
std::vector<GradedProgram> programs_in(std::span<const Transcript> samples, std::span<const AskedTask> asked,
                                       const std::string& state);

bool is_parsable(const GradedProgram& program);

/// The share with a grade above 0 of the programs that `counts` lets in. The interval is a bootstrap over families
/// (stats::clustered_rate), since samples of a family resemble each other; without the grade: unscored.
Measurement code_rate(
    const std::string& name, const std::string& state, const std::string& grade,
    const std::vector<GradedProgram>& programs, const Subject& subject,
    const std::function<bool(const GradedProgram&)>& counts = [](const auto&) { return true; });

/// `code.grader.GRADER.found` and `.false-alarms`: the control that the rates stand beside; trigger "", Wilson.
void add_grader_checks(std::vector<Measurement>& rows, const std::vector<grade::GraderCheck>& checks,
                       const Subject& subject, std::size_t cases);

}  // namespace dormouse::measure
