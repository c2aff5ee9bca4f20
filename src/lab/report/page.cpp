// The page: head, contents, sections, style and script.
#include <fmt/format.h>

#include "lab/report/answer.h"
#include "lab/report/assets.h"
#include "lab/report/html.h"
#include "lab/report/report.h"
#include "lab/report/sections.h"

namespace dormouse::lab {

namespace {

/// Nothing may be loaded, nothing may be sent; the one style and the one script are named by their hashes.
std::string content_policy() {
  return fmt::format("default-src 'none'; script-src '{}'; style-src '{}'; base-uri 'none'; form-action 'none'",
                     csp_hash(report_js()), csp_hash(report_css()));
}

Markup head(const RunRecord& record) {
  Markup out = element("meta", {{"charset", "utf-8"}});
  out += element("meta", {{"http-equiv", "Content-Security-Policy"}, {"content", content_policy()}});
  out += element("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
  out += element("meta", {{"name", "color-scheme"}, {"content", "light dark"}});
  out += element("meta", {{"name", "description"}, {"content", answer(record).sentence}});
  out += element("title", {}, fmt::format("{} - Dormouse report", record.recipe_name));
  out += Markup::trusted(fmt::format("<style>{}</style>", report_css()));
  return element("head", {}, out);
}

std::vector<Section> sections(const RunRecord& record) {
  std::vector<Section> out;
  for (const auto make :
       {before_and_after_section, size_section, red_team_section, generalisation_section, curves_section,
        reinforcement_section, scorecard_section, capability_section, honeypot_section, other_section, data_section,
        transcripts_section, run_section, words_section}) {
    Section section = make(record);
    if (!section.body.empty()) out.push_back(std::move(section));
  }
  return out;
}

}  // namespace

std::string html_report(const RunRecord& record) {
  Markup menu, main = page_header(record);
  for (const Section& section : sections(record)) {
    menu += element("a", {{"href", "#" + section.id}}, section.menu);
    const std::string heading = section.id + "-title";
    main += element("section", {{"id", section.id}, {"aria-labelledby", heading}},
                    element("h2", {{"id", heading}}, section.title) + section.body);
  }
  const Markup theme =
      element("button", {{"type", "button"}, {"id", "theme"}, {"class", "quiet"}, {"hidden", "hidden"}}, "dark");
  const Markup bar = element("a", {{"class", "brand"}, {"href", "#top"}}, "Dormouse") +
                     element("nav", {{"aria-label", "Contents"}}, menu) + theme;
  Markup body = element("a", {{"class", "skip"}, {"href", "#main"}}, "Skip to the report");
  body += element("div", {{"class", "bar-top"}, {"id", "top"}}, element("div", {}, bar));
  body += chart_definitions();
  body += element("main", {{"id", "main"}}, main);
  body += element(
      "footer", {},
      fmt::format("Made by Dormouse {}. Measured behaviour of models; no claim about intent.", record.program_version));
  body += Markup::trusted(fmt::format("<script>{}</script>", report_js()));
  return "<!doctype html>\n" + element("html", {{"lang", "en"}}, head(record) + element("body", {}, body)).bytes() +
         "\n";
}

}  // namespace dormouse::lab
