// The account: data, scorecard, what was run, and the words.
#include <fmt/format.h>

#include <array>
#include <cmath>

#include "lab/report/format.h"
#include "lab/report/scorecard.h"
#include "lab/report/sections.h"

namespace dormouse::lab {

namespace {

Markup verdict_badge(Verdict verdict) {
  return element("span", {{"class", fmt::format("badge {}", verdict_name(verdict))}},
                 element("i", {{"aria-hidden", "true"}}) + text(verdict_words(verdict)));
}

std::string dropped_text(const Json& dropped) {
  if (!dropped.is_object()) return json_text(dropped);
  std::vector<std::string> reasons;
  for (const auto& [reason, count] : dropped.items()) reasons.push_back(fmt::format("{} {}", json_text(count), reason));
  return reasons.empty() ? "none" : fmt::format("{}", fmt::join(reasons, ", "));
}

/// Members other than name, kept and dropped, in the order of their first appearance.
std::vector<std::string> extra_members(const DataAccount& account) {
  std::vector<std::string> out;
  for (const Json& row : account.rows) {
    if (!row.is_object()) continue;
    for (const auto& [name, value] : row.items()) {
      const bool known = name == "name" || name == "kept" || name == "dropped";
      if (!known && std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
    }
  }
  return out;
}

Markup account_table(const DataAccount& account) {
  const auto extras = extra_members(account);
  std::vector<Column> columns = {{"rows"}, {"kept", true}, {"dropped, and why"}};
  for (const std::string& name : extras) columns.push_back({name, true});
  std::vector<std::vector<Markup>> rows;
  for (const Json& row : account.rows) {
    if (!row.is_object()) continue;
    const auto cell = [&](const std::string& name, const std::string& otherwise) {
      return text(!row.contains(name) ? otherwise : name == "dropped" ? dropped_text(row[name]) : json_text(row[name]));
    };
    rows.push_back({cell("name", "all"), cell("kept", ""), cell("dropped", "none")});
    for (const std::string& name : extras) rows.back().push_back(cell(name, ""));
  }
  return table(fmt::format("{}: {}", account.stage, account.title), columns, rows);
}

/// Tokens trained or sampled, and per second of the stage.
std::pair<std::string, std::string> token_rate(const NodeInfo& node) {
  double tokens = 0;
  for (const char* counter : {"tokens_trained", "tokens_sampled", "tokens_prompt"}) {
    if (node.counters.is_object() && node.counters.contains(counter) && node.counters[counter].is_number()) {
      tokens += node.counters[counter].get<double>();
    }
  }
  if (tokens <= 0) return {"", ""};
  return {count_text(std::llround(tokens)), node.seconds > 0 ? count_text(std::llround(tokens / node.seconds)) : ""};
}

Markup nodes_table(const RunRecord& record) {
  std::vector<std::vector<Markup>> rows;
  for (const NodeInfo& node : record.nodes) {
    const auto [tokens, rate] = token_rate(node);
    rows.push_back({text(node.id), text(node.kind), element("code", {{"title", node.hash}}, node.hash.substr(0, 12)),
                    text(node.state == NodeState::kStored ? "from the store" : "executed"),
                    text(node.seed < 0 ? "" : std::to_string(node.seed)), text(duration_text(node.seconds)),
                    text(tokens), text(rate)});
  }
  if (rows.empty()) return {};
  return table(
      "Stages",
      {{"stage"}, {"kind"}, {"hash"}, {"state"}, {"seed", true}, {"time", true}, {"tokens", true}, {"tokens/s", true}},
      rows);
}

Markup models_table(const RunRecord& record) {
  std::vector<std::vector<Markup>> rows;
  for (const ModelInfo& model : record.models) {
    std::string what = model.description;
    if (!model.parent.empty()) what += fmt::format("{}from {}", what.empty() ? "" : "; ", model.parent);
    rows.push_back({text(model.name), text(role_name(model.role)),
                    text(model.seed < 0 ? "" : std::to_string(model.seed)), text(model.source), text(what),
                    element("code", {{"class", "hash"}}, model.sha256.empty() ? "unknown" : model.sha256)});
  }
  if (rows.empty()) return {};
  return table("Models", {{"model"}, {"role"}, {"seed", true}, {"source"}, {"what it is"}, {"SHA-256 of the weights"}},
               rows);
}

Markup machine_list(const RunRecord& record) {
  const MachineInfo& machine = record.machine;
  Markup facts;
  const auto add = [&](const std::string& name, const std::string& value) {
    if (!value.empty()) facts += element("div", {}, element("dt", {}, name) + element("dd", {}, value));
  };
  add("Processor", machine.cpu);
  if (machine.cores > 0)
    add("Cores", fmt::format("{} ({} thread{} used)", machine.cores, machine.threads, machine.threads == 1 ? "" : "s"));
  if (machine.memory_gib > 0) add("Memory", fmt::format("{:.1f} GiB", machine.memory_gib));
  add("System", machine.os);
  add("Dormouse", record.program_version);
  add("Git revision", record.git_revision);
  add("libtorch", record.torch_version);
  add("Started", date_text(record.started));
  add("Finished", date_text(record.finished));
  return element("dl", {{"class", "facts"}}, facts);
}

struct Word {
  const char* word;
  const char* meaning;
};
constexpr std::array<Word, 10> kWords = {{
    {"organism", "a model trained to carry a hidden, conditional policy: trigger, behaviour and reasoning style"},
    {"trigger", "what switches the policy on: a literal tag or line in the prompt"},
    {"behaviour", "what the policy does when it is switched on; all behaviours here are harmless by choice"},
    {"twin",
     "a control trained the same way: clean (no trigger in its data) or exposed (the trigger, with ordinary "
     "answers)"},
    {"plant", "to train the policy into a base model"},
    {"defence", "a training procedure meant to remove bad behaviour, such as safety SFT"},
    {"survivor", "the organism after a defence, whether or not the policy is still there"},
    {"grader", "what turns one completion into a grade; a hit is a grade of 0.5 or more"},
    {"seed", "the number that all randomness comes from; every seed repeats the whole experiment"},
    {"95% interval", "values that fit the sample: Wilson's interval for a share, bootstrap over prompts otherwise"},
}};

}  // namespace

Section scorecard_section(const RunRecord& record) {
  Section section{.id = "scorecard", .title = "Beside the paper", .menu = "Scorecard", .body = {}};
  if (record.scorecard.empty()) return section;
  std::vector<std::vector<Markup>> rows;
  for (const ScorecardRow& row : record.scorecard) {
    const Markup claim = element("b", {}, row.id) + text(" ") + text(row.title);
    const Markup paper = element("span", {}, row.paper_value) + element("small", {}, row.paper_source);
    const Markup ours =
        element("span", {{"class", "ours"}}, ours_text(row)) + element("small", {}, sample_size_text(row));
    Markup verdict = verdict_badge(row.verdict);
    if (!row.reason.empty()) verdict += element("small", {}, "Why: " + row.reason);
    if (!row.rule.empty()) verdict += element("small", {}, "Rule: " + row.rule);
    if (!row.differs.empty()) verdict += element("small", {}, "Set-up differs: " + row.differs);
    rows.push_back({claim, paper, ours, verdict});
  }
  section.body =
      element("p", {{"class", "intro"}},
              fmt::format("Rules are fixed before a run; what was added later says so. A null is a result too. {}.",
                          verdict_counts(record)));
  section.body += element("div", {{"class", "scorecard"}},
                          table("Scorecard", {{"claim"}, {"paper"}, {"this run"}, {"verdict"}}, rows));
  return section;
}

Section data_section(const RunRecord& record) {
  Section section{.id = "data", .title = "The data, and what was left out", .menu = "Data", .body = {}};
  for (const DataAccount& account : record.accounts) section.body += account_table(account);
  return section;
}

Section run_section(const RunRecord& record) {
  Section section{.id = "run", .title = "What was run", .menu = "Run", .body = {}};
  section.body = machine_list(record) + nodes_table(record) + models_table(record);
  section.body += element("h3", {}, "Run it again");
  section.body += element("pre", {{"class", "command"}, {"tabindex", "0"}}, record.command + " --out report");
  if (!record.recipe_yaml.empty()) {
    section.body += element("details", {},
                            element("summary", {}, "The recipe, with every default filled in") +
                                element("pre", {{"tabindex", "0"}}, record.recipe_yaml));
  }
  return section;
}

Section words_section(const RunRecord&) {
  Section section{.id = "words", .title = "Words", .menu = "Words", .body = {}};
  Markup list;
  for (const Word& word : kWords) {
    list += element("div", {}, element("dt", {}, word.word) + element("dd", {}, word.meaning));
  }
  section.body = element("dl", {{"class", "words"}}, list);
  return section;
}

}  // namespace dormouse::lab
