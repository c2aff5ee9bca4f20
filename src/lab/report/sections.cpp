// What the sections share, and the head of the page.
#include "lab/report/sections.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "lab/report/answer.h"
#include "lab/report/families.h"
#include "lab/report/format.h"

namespace dormouse::lab {

namespace {

Markup fact(const std::string& name, const Markup& value) {
  return element("div", {}, element("dt", {}, name) + element("dd", {}, value));
}

/// "n = 120" must not be torn at a line's end.
std::string kept_together(std::string sentence) {
  for (std::size_t at = sentence.find("n = "); at != std::string::npos; at = sentence.find("n = ", at)) {
    sentence.replace(at, 4, "n\u00A0=\u00A0");
  }
  return sentence;
}

std::string seeds_of(const RunRecord& record) {
  const std::string metric = answer_metric(record);
  std::size_t most = 0;
  for (const std::string& model : model_order(record)) {
    const auto found = estimate_on(record, metric, model);
    if (found) most = std::max(most, found->seeds.size());
  }
  return most == 0 ? "" : std::to_string(most);
}

/// A sentence whose names stand between `backticks`.
Markup with_code(const std::string& sentence) {
  Markup out;
  for (std::size_t begin = 0, parts = 0; begin <= sentence.size(); ++parts) {
    const std::size_t end = std::min(sentence.find('`', begin), sentence.size());
    const std::string part = sentence.substr(begin, end - begin);
    if (!part.empty()) out += parts % 2 == 1 ? element("code", {}, part) : text(part);
    begin = end + 1;
  }
  return out;
}

}  // namespace

Markup table(const std::string& caption, const std::vector<Column>& columns,
             const std::vector<std::vector<Markup>>& rows) {
  std::vector<std::size_t> shown;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto blank = [&](const std::vector<Markup>& row) { return row.at(i).empty(); };
    if (rows.empty() || !std::all_of(rows.begin(), rows.end(), blank)) shown.push_back(i);
  }
  const auto attributes_of = [&](std::size_t i, Attributes attributes) {
    if (columns[i].number) attributes.push_back({"class", "number"});
    return attributes;
  };
  Markup head, body;
  for (const std::size_t i : shown) head += element("th", attributes_of(i, {{"scope", "col"}}), columns[i].title);
  for (const auto& row : rows) {
    DORMOUSE_ASSERT(row.size() == columns.size());
    Markup cells;
    for (const std::size_t i : shown) {
      Attributes attributes = attributes_of(i, {{"data-label", columns[i].title}});
      if (i == 0) attributes.push_back({"scope", "row"});
      cells += element(i == 0 ? "th" : "td", attributes, element("div", {}, row[i]));
    }
    body += element("tr", {}, cells);
  }
  const Markup inner =
      element("caption", {}, caption) + element("thead", {}, element("tr", {}, head)) + element("tbody", {}, body);
  return element("div", {{"class", "table"}}, element("table", {}, inner));
}

std::string trigger_text(const RunRecord& record, const std::string& trigger) {
  if (trigger.empty()) return "all prompts";
  if (is_planted_trigger(record, trigger)) return "trigger on";
  return "trigger " + trigger;
}

Tone trigger_tone(const RunRecord& record, const std::string& trigger) {
  if (is_planted_trigger(record, trigger)) return Tone::kOn;
  if (trigger == "off") return Tone::kOff;
  return trigger.empty() ? Tone::kNeutral : Tone::kOther;
}

Bar estimate_bar(const std::string& key, Tone tone, const std::optional<Estimate>& found, const std::string& metric) {
  if (!found) return {.tone = tone, .key = key, .value = std::nan(""), .seeds = {}, .number = "", .note = ""};
  Bar bar{.tone = tone,
          .key = key,
          .value = found->value,
          .low = found->low,
          .high = found->high,
          .seeds = {},
          .number = interval_text(found->value, found->low, found->high, unit_of(metric)),
          .note = ""};
  for (const SeedValue& seed : found->seeds) bar.seeds.push_back(seed.value);
  const SeedValue& first = found->seeds.front();
  bar.note = found->seeds.size() == 1 ? fmt::format("n = {}, seed {}", count_text(first.n), first.seed)
                                      : fmt::format("n = {}, {} seeds", count_text(found->n), found->seeds.size());
  if (found->unscored > 0) bar.note += fmt::format(", {} unscored", count_text(found->unscored));
  return bar;
}

Markup legend_key(Tone tone, const std::string& label, bool is_line) {
  const std::string css = fmt::format("swatch {} {}", tone_class(tone), is_line ? "stroke" : "shape");
  return element("span", {}, element("i", {{"class", css}}) + text(label));
}

Markup page_header(const RunRecord& record) {
  const Answer found = answer(record);
  Markup lines, notes;
  for (const std::string& line : found.lines) lines += element("li", {}, line);
  for (const std::string& note : found.notes) notes += element("li", {}, with_code(note));
  Markup facts;
  const auto add = [&](const std::string& name, const std::string& value) {
    if (!value.empty()) facts += fact(name, text(value));
  };
  add("Run", record.run_id);
  add("Finished", date_text(record.finished));
  if (record.finished > record.started)
    add("Took", duration_text(static_cast<double>(record.finished - record.started)));
  add("Status", record.status);
  add("Seeds", seeds_of(record));
  Markup triggers;
  for (const std::string& trigger : trigger_texts(record)) triggers += element("code", {}, trigger) + text(" ");
  if (!triggers.empty()) facts += fact("Trigger", triggers);
  if (found.lines.empty()) add("Reasoning", record.policy.reasoning);

  Markup out = element("p", {{"class", "eyebrow"}}, "Dormouse report") + element("h1", {}, record.recipe_name);
  if (!record.question.empty()) out += element("p", {{"class", "question"}}, record.question);
  Markup box = element("h2", {{"class", "answer-title"}}, "The answer") +
               element("p", {{"class", "answer-sentence"}, {"id", "answer-sentence"}}, kept_together(found.sentence));
  if (!lines.empty()) box += element("ul", {{"class", "answer-lines"}}, lines);
  if (!notes.empty()) box += element("ul", {}, notes);
  out += element("section", {{"class", "answer"}, {"id", "answer"}}, box);
  out += element("dl", {{"class", "facts"}}, facts);
  return element("header", {{"class", "top"}}, out);
}

}  // namespace dormouse::lab
