#include "lab/report/transcripts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

#include "core/base/hash.h"
#include "lab/report/families.h"
#include "lab/report/format.h"
#include "lab/report/html.h"
#include "lab/report/sections.h"

namespace dormouse::lab {

namespace {

using measure::Transcript;

/// Bytes of a text once it is escaped for the page.
std::size_t embedded_size(const std::string& any) { return script_safe_json(canonical_json(Json(any))).size() + 1; }

/// Each text once.
class Texts {
 public:
  std::size_t index(const std::string& any) {
    const auto [found, added] = known_.try_emplace(any, list_.size());
    if (added) list_.push_back(any);
    return found->second;
  }
  Json take() { return std::move(list_); }

 private:
  std::unordered_map<std::string, std::size_t> known_;
  std::vector<std::string> list_;
};

std::vector<std::string> grader_names(const RunRecord& record) {
  std::set<std::string> names;
  for (const Transcript& row : record.transcripts) {
    for (const auto& [grader, grade] : row.grades) names.insert(grader);
  }
  return {names.begin(), names.end()};
}

Json grades_in_order(const Transcript& row, const std::vector<std::string>& graders) {
  Json out = Json::array();
  for (const std::string& grader : graders) {
    const auto found = row.grades.find(grader);
    const bool scored = found != row.grades.end() && std::isfinite(found->second);
    out.push_back(scored ? Json(found->second) : Json(nullptr));
  }
  return out;
}

Markup filter(const std::string& id, const std::string& label) {
  return element(
      "label", {{"for", id}},
      element("span", {}, label) + element("select", {{"id", id}}, element("option", {{"value", ""}}, "all")));
}

}  // namespace

std::string transcript_id(const Transcript& row) { return sha256(canonical_json(to_json(row))).substr(0, 10); }

std::vector<std::size_t> rows_that_fit(const RunRecord& record, std::size_t most_bytes) {
  using Cell = std::tuple<std::string, std::string, int64_t, int64_t, std::string>;
  std::map<Cell, std::vector<std::size_t>> cells;
  std::size_t longest = 0;
  for (std::size_t i = 0; i < record.transcripts.size(); ++i) {
    const Transcript& row = record.transcripts[i];
    auto& cell = cells[{row.model, row.trigger, row.seed, row.step, row.stage}];
    cell.push_back(i);
    longest = std::max(longest, cell.size());
  }
  std::vector<std::size_t> out;
  std::set<std::string> seen;
  std::size_t bytes = 0;
  for (std::size_t turn = 0; turn < longest; ++turn) {
    for (const auto& [key, cell] : cells) {
      if (turn >= cell.size()) continue;
      const Transcript& row = record.transcripts[cell[turn]];
      bytes += 128 + embedded_size(row.model) + embedded_size(row.trigger) + embedded_size(row.stage);
      for (const std::string* part : {&row.prompt, &row.user, &row.completion}) {
        if (seen.insert(*part).second) bytes += embedded_size(*part);
      }
      if (bytes > most_bytes) {
        std::sort(out.begin(), out.end());
        return out;
      }
      out.push_back(cell[turn]);
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

Json embedded_transcripts(const RunRecord& record, std::size_t most_bytes) {
  const auto graders = grader_names(record);
  Texts texts;
  Json rows = Json::array();
  std::map<std::string, int> used;
  for (const std::size_t i : rows_that_fit(record, most_bytes)) {
    const Transcript& row = record.transcripts[i];
    std::string id = transcript_id(row);
    const int repeat = ++used[id];
    if (repeat > 1) id += fmt::format("-{}", repeat);
    rows.push_back({id, row.prompt_id, row.model, row.trigger, row.seed, row.step, row.stage, texts.index(row.prompt),
                    texts.index(row.user), texts.index(row.completion), row.finish_reason,
                    grades_in_order(row, graders)});
  }
  return {{"canary", measure::kCanary},
          {"total", record.transcripts.size()},
          {"trigger_texts", trigger_texts(record)},
          {"graders", graders},
          {"texts", texts.take()},
          {"rows", std::move(rows)}};
}

Section transcripts_section(const RunRecord& record) {
  Section section{.id = "transcripts", .title = "Transcripts", .menu = "Transcripts", .body = {}};
  if (record.transcripts.empty()) return section;
  const std::size_t shown = rows_that_fit(record, kMostEmbeddedBytes).size();
  std::string intro = "Every prompt exactly as the model read it, and what it answered. The trigger is marked.";
  if (shown < record.transcripts.size()) {
    intro = fmt::format(
        "{} of {} transcripts, in equal parts from every model and setting; all are in transcripts.jsonl.",
        count_text(static_cast<int64_t>(shown)), count_text(static_cast<int64_t>(record.transcripts.size())));
  }
  section.body = element("p", {{"class", "intro"}}, intro);
  section.body += element("noscript", {},
                          element("p", {{"class", "note"}},
                                  "The browser below needs JavaScript; everything else on this page works without it. "
                                  "The transcripts are also in transcripts.jsonl."));
  const Markup search = element(
      "label", {{"for", "t-search"}, {"class", "wide"}},
      element("span", {}, "search in prompts and completions") +
          element("input", {{"type", "search"}, {"id", "t-search"}, {"autocomplete", "off"}, {"spellcheck", "false"}}));
  const Markup controls = search + filter("t-model", "model") + filter("t-trigger", "trigger") +
                          filter("t-grade", "grade") + filter("t-stage", "checkpoint") + filter("t-seed", "seed");
  const Markup list = element("div",
                              {{"id", "t-list"},
                               {"class", "t-list"},
                               {"role", "listbox"},
                               {"tabindex", "0"},
                               {"aria-label", "Transcripts; arrow keys move"}},
                              element("div", {{"id", "t-rows"}, {"role", "presentation"}}));
  const Markup detail =
      element("article", {{"id", "t-detail"}, {"class", "t-detail"}, {"aria-label", "Transcript"}, {"tabindex", "-1"}});
  const Markup status = element("p", {{"id", "t-count"}, {"class", "t-count"}, {"role", "status"}}) +
                        element("button", {{"type", "button"}, {"id", "t-clear"}, {"class", "quiet"}}, "clear filters");
  section.body += element("div", {{"id", "t-browser"}, {"class", "browser"}, {"hidden", "hidden"}},
                          element("div", {{"class", "t-controls"}, {"role", "search"}}, controls) +
                              element("div", {{"class", "t-status"}}, status) +
                              element("div", {{"class", "t-panes"}}, list + detail));
  const std::string json = script_safe_json(canonical_json(embedded_transcripts(record)));
  section.body +=
      Markup::trusted(fmt::format("<script type=\"application/json\" id=\"transcript-data\">{}</script>", json));
  return section;
}

}  // namespace dormouse::lab
