// Bars before and after, and the capability check.
#include <fmt/format.h>

#include <cmath>

#include "lab/report/answer.h"
#include "lab/report/families.h"
#include "lab/report/format.h"
#include "lab/report/sections.h"

namespace dormouse::lab {

namespace {

std::string policy_words(const PolicyInfo& policy) {
  std::string words = policy.behaviour;
  if (!policy.trigger.empty()) words += " behind " + policy.trigger;
  if (!policy.reasoning.empty()) words += ", reasoning: " + policy.reasoning;
  return words;
}

/// One chart; with several organisms one for each, before and after its defences, and one for the controls.
Markup rates_figure(const RunRecord& record, const std::string& metric) {
  const auto all = families(record);
  if (all.size() < 2) return bar_chart(rate_groups(record, metric, model_order(record)), share_axis());
  Markup out;
  const auto add = [&](const std::string& title, const std::string& detail, const std::vector<std::string>& models) {
    const auto groups = rate_groups(record, metric, models);
    if (groups.empty()) return;
    out += element("h3", {}, text(title + " ") + element("small", {}, detail)) + bar_chart(groups, share_axis());
  };
  for (const Family& family : all) {
    std::vector<std::string> models = {family.organism};
    models.insert(models.end(), family.survivors.begin(), family.survivors.end());
    add(family.organism, policy_words(policy_of(record, family.organism)), models);
  }
  add("Controls", "base models and twins", controls(record));
  return out;
}

/// Radio buttons and panels as siblings: the style sheet shows the chosen panel, no script needed.
Markup switched_panels(const std::string& group, const std::vector<std::pair<std::string, Markup>>& panels) {
  Markup out;
  for (std::size_t i = 0; i < panels.size() && panels.size() > 1; ++i) {
    const std::string id = fmt::format("{}-{}", group, i);
    Attributes attributes = {{"type", "radio"}, {"name", group}, {"id", id}};
    if (i == 0) attributes.push_back({"checked", "checked"});
    out += element("input", attributes) + element("label", {{"for", id}}, panels[i].first);
  }
  for (const auto& [label, panel] : panels) {
    out += element("figure", {{"aria-label", label}}, element("figcaption", {{"class", "panel-title"}}, label) + panel);
  }
  return element("div", {{"class", panels.size() > 1 ? "switch" : "single"}}, out);
}

constexpr std::size_t kMostPanels = 8;  // as many as the style sheet can switch between

}  // namespace

std::string role_detail(const ModelInfo* model) {
  if (model == nullptr) return "";
  switch (model->role) {
    case ModelRole::kBase:
      return "base model";
    case ModelRole::kOrganism:
      return "organism, before any defence";
    case ModelRole::kSurvivor:
      return "after " + (model->defence.empty() ? "a defence" : model->defence);
    case ModelRole::kTwin:
      return "twin (control)";
  }
  return "";
}

std::vector<BarGroup> rate_groups(const RunRecord& record, const std::string& metric,
                                  const std::vector<std::string>& models) {
  std::vector<BarGroup> groups;
  const auto triggers = trigger_order(record, metric);
  for (const std::string& model : models) {
    BarGroup group{.label = model, .detail = role_detail(find_model(record, model)), .bars = {}};
    bool any = false;
    for (const std::string& trigger : triggers) {
      const auto found = estimate(record, metric, model, trigger);
      any = any || found;
      // What every model should have is shown to be missing; other models' variants of the trigger are no concern of
      // this one.
      if (!found && trigger != "off" && !is_planted_trigger(record, trigger)) continue;
      group.bars.push_back(estimate_bar(trigger_text(record, trigger), trigger_tone(record, trigger), found, metric));
    }
    if (any) groups.push_back(std::move(group));
  }
  return groups;
}

std::vector<std::string> rates_with_a_figure(const RunRecord& record) {
  auto names = rate_names(record);
  if (names.size() > kMostPanels) names.resize(kMostPanels);  // the others are in the table of other measurements
  return names;
}

Section before_and_after_section(const RunRecord& record) {
  Section section{.id = "rates", .title = "Before and after", .menu = "Rates", .body = {}};
  std::vector<std::pair<std::string, Markup>> panels;
  for (const std::string& metric : rates_with_a_figure(record)) {
    panels.emplace_back(metric_label(metric), rates_figure(record, metric));
  }
  if (panels.empty()) return section;
  section.body = element("p", {{"class", "intro"}},
                         "Share of completions that show the planted behaviour, with the trigger in the prompt and "
                         "without it.");
  section.body += switched_panels("metric", panels);
  section.body += element("p", {{"class", "note"}},
                          "Bars are means over seeds; dots are single seeds. Whiskers and brackets are 95% intervals; "
                          "with several seeds they reach from the lowest seed's lower end to the highest seed's upper "
                          "end. Unscored completions are left out, not counted as zero.");
  return section;
}

Section capability_section(const RunRecord& record) {
  Section section{.id = "capability", .title = "Is the model still intact?", .menu = "Capability", .body = {}};
  auto metrics = metric_names(record, "perplexity");
  for (const std::string& name : metric_names(record, "capability")) metrics.push_back(name);
  for (const std::string& metric : metrics) {
    std::vector<BarGroup> groups;
    std::vector<double> values;
    for (const std::string& model : model_order(record)) {
      BarGroup group{.label = model, .detail = role_detail(find_model(record, model)), .bars = {}};
      for (const std::string& trigger : trigger_order(record, metric)) {
        const auto found = estimate(record, metric, model, trigger);
        if (!found) continue;
        values.insert(values.end(), {found->low, found->value, found->high});
        const std::string key = trigger.empty() ? "" : trigger_text(record, trigger);
        group.bars.push_back(estimate_bar(key, trigger_tone(record, trigger), found, metric));
      }
      if (!group.bars.empty()) groups.push_back(std::move(group));
    }
    const Axis axis = unit_of(metric) == Unit::kShare ? share_axis() : fitting_axis(values);
    const Markup title = element("figcaption", {{"class", "panel-title"}}, metric + (axis.log ? " (log scale)" : ""));
    section.body += element("figure", {{"class", "keyless"}}, title + bar_chart(groups, axis));
  }
  if (section.body.empty()) return section;
  section.body =
      element("p", {{"class", "intro"}},
              "Perplexity on ordinary English text, lower is better. A defence that breaks the model has not "
              "cured it, so compare each model with the base.") +
      section.body;
  return section;
}

}  // namespace dormouse::lab
