#include "lab/report/rules.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/version.h"
#include "lab/recipe/options_reader.h"
#include "lab/report/summary.h"

namespace dormouse::lab {

namespace {

struct Rule {
  std::string id, title, paper, source, measurement, model, trigger, differs;
  double replicates_from = 0, replicates_to = -1;  // to < from: no range
  double contradicts_from = 0, contradicts_to = -1;
  int64_t min_seeds = 1;
  bool percent = true;

  std::vector<Field> fields() {
    return {
        {"id", &id, "of the experiment", required()},
        {"title", &title, "the claim, in one line", required()},
        {"paper", &paper, "the paper's number", required()},
        {"source", &source, "where it stands", required()},
        {"measurement", &measurement, "ours", required()},
        {"model", &model, "the recipe's name of the model", required()},
        {"trigger", &trigger, "on, off, or nothing"},
        {"differs", &differs, "what differs in set-up", required()},
        {"replicates_from", &replicates_from, "the interval must lie from here"},
        {"replicates_to", &replicates_to, "to here"},
        {"contradicts_from", &contradicts_from, "the interval must lie from here"},
        {"contradicts_to", &contradicts_to, "to here"},
        {"min_seeds", &min_seeds, "fewer seeds are uncertain", at_least(1)},
        {"percent", &percent, "the value is a share"},
    };
  }
};

bool is_range(double from, double to) { return from <= to; }

bool inside(const Estimate& ours, double from, double to) {
  return is_range(from, to) && ours.low >= from && ours.high <= to;
}

std::string range_words(const Rule& rule, double from, double to) {
  return rule.percent ? fmt::format("{:.0f}% to {:.0f}%", 100 * from, 100 * to) : fmt::format("{:g} to {:g}", from, to);
}

std::string rule_words(const Rule& rule) {
  if (!is_range(rule.replicates_from, rule.replicates_to)) return "shown for comparison; no verdict was fixed";
  std::string words = "replicates if the whole 95% interval lies in " +
                      range_words(rule, rule.replicates_from, rule.replicates_to);
  if (is_range(rule.contradicts_from, rule.contradicts_to)) {
    words += ", contradicts if in " + range_words(rule, rule.contradicts_from, rule.contradicts_to);
  }
  return words + fmt::format("; otherwise, or below {} seed{}, uncertain", rule.min_seeds, rule.min_seeds == 1 ? "" : "s");
}

Verdict verdict_of(const Rule& rule, const Estimate& ours) {
  if (!is_range(rule.replicates_from, rule.replicates_to)) return Verdict::kNotComparable;
  if (static_cast<int64_t>(ours.seeds.size()) < rule.min_seeds) return Verdict::kUncertain;
  if (inside(ours, rule.replicates_from, rule.replicates_to)) return Verdict::kReplicates;
  if (inside(ours, rule.contradicts_from, rule.contradicts_to)) return Verdict::kContradicts;
  return Verdict::kUncertain;
}

ScorecardRow judge_row(const RunRecord& record, const Rule& rule) {
  ScorecardRow row{.id = rule.id,
                   .title = rule.title,
                   .paper_value = rule.paper,
                   .paper_source = rule.source,
                   .percent = rule.percent,
                   .rule = rule_words(rule),
                   .differs = rule.differs};
  const auto ours = estimate(record, rule.measurement, rule.model, rule.trigger);
  if (!ours) return row;
  row.value = ours->value;
  row.low = ours->low;
  row.high = ours->high;
  row.n = ours->n;
  row.seeds = static_cast<int64_t>(ours->seeds.size());
  row.verdict = verdict_of(rule, *ours);
  return row;
}

Rule read_rule(const YamlNode& node) {
  Rule rule;
  read_fields([&] { return rule.fields(); }, node, "scorecard row");
  return rule;
}

}  // namespace

fs::path find_scorecard(const std::string& name, const std::string& place) {
  const fs::path path = home_folder() / "recipes" / "scorecards" / (name + ".yaml");
  if (!fs::exists(path)) {
    fail_input(place, fmt::format("there is no scorecard `{}`", name), "its file would be " + path.string());
  }
  return path;
}

std::vector<ScorecardRow> judge(const RunRecord& record, const fs::path& rules) {
  const YamlNode root = parse_yaml(read_file(rules, kMaxYamlBytes), rules.string());
  const YamlNode* list = root.find("rows");
  if (list == nullptr || list->type != YamlNode::Type::kList || root.entries.size() != 1) {
    fail_input(root.place, "expected one key, `rows`, with a list");
  }
  std::vector<ScorecardRow> rows;
  for (const auto& item : list->items) rows.push_back(judge_row(record, read_rule(item)));
  return rows;
}

}  // namespace dormouse::lab
