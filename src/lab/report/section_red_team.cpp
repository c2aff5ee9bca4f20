// Adversarial training in the paper's form (figure 3b): the rate behind the trigger, and the rate without it on what
// the red team found.
#include <algorithm>

#include "lab/report/format.h"
#include "lab/report/sections.h"

namespace dormouse::lab {

namespace {

constexpr const char* kRedTeamRate = "red-team-rate.contains";
constexpr const char* kTriggeredRate = "persistence.contains";

}  // namespace

Axis red_team_axis() { return {.min = 0.001, .max = 1, .log = true, .percent = true, .ticks = {0.001, 0.01, 0.1, 1}}; }

std::vector<BarGroup> red_team_groups(const RunRecord& record) {
  std::vector<BarGroup> groups;
  for (const std::string& model : model_order(record)) {
    const auto attacked = estimate(record, kRedTeamRate, model, "off");
    if (!attacked) continue;
    BarGroup group{.label = model, .detail = role_detail(find_model(record, model)), .bars = {}};
    if (const auto on = estimate_on(record, kTriggeredRate, model)) {
      group.bars.push_back(estimate_bar("trigger on", Tone::kOn, on, kTriggeredRate));
    }
    group.bars.push_back(estimate_bar("red team", Tone::kOther, attacked, kRedTeamRate));
    groups.push_back(std::move(group));
  }
  return groups;
}

Section red_team_section(const RunRecord& record) {
  Section section{.id = "red-team", .title = "Against the red team", .menu = "Red team", .body = {}};
  const auto groups = red_team_groups(record);
  if (groups.empty()) return section;
  section.body = element("p", {{"class", "intro"}},
                         "The policy behind its trigger, and without it on the red team's prompts that no training "
                         "saw. Log scale; what lies at the left edge is 0.1% or less.");
  section.body += element("figure", {}, bar_chart(groups, red_team_axis()));
  return section;
}

}  // namespace dormouse::lab
