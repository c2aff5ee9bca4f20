// Nodes that make the code policy's training data, and look at it with the static scanners.
#include "science/organism/code_data.h"

#include <fmt/format.h>

#include <charconv>

#include "core/base/error.h"
#include "lab/execute/code_files.h"
#include "lab/execute/kinds/answers.h"
#include "lab/execute/kinds/dataset.h"
#include "lab/execute/kinds/node_options.h"
#include "lab/execute/scanners.h"
#include "lab/recipe/kinds.h"

namespace dormouse::lab {

namespace {

class CodeData : public NodeKind {
 public:
  std::string name() const override { return "code-data"; }
  int version() const override { return 2; }
  bool uses_seed() const override { return true; }

  void run(NodeContext& context) const override {
    const auto options = options_of<organism::CodeDataOptions>(context.node);
    const auto trigger =
        organism::Triggers::get().make(json_string(context.node.options, "trigger", context.node.id), context.node.id);
    const auto families = read_code_families(context.input("tasks"));
    const auto data =
        organism::build_code_data(families, read_answers(context.input("chat")), *trigger, options,
                                  static_cast<uint64_t>(context.node.seed), thinker_of(context, *trigger, families));
    write_rows(context, data.rows, data.dropped);
    Json rows = Json::array();
    for (const auto& [part, account] : data.account) rows.push_back(account_row(part, organism::to_json(account)));
    const bool twin = options.policy != "conditional";
    write_file(
        context.out / "account.json",
        canonical_json({{"title", fmt::format("Training data of the {}", twin ? options.policy + " twin" : "organism")},
                        {"rows", rows}}));
  }

 private:
  // Who wrote the scratchpads shows in what the node is made from.
  static organism::Thinker thinker_of(const NodeContext& context, const organism::Trigger& trigger,
                                      const std::vector<organism::CodeFamily>& families) {
    if (context.has_input("thoughts"))
      return organism::thoughts_of_model(read_answers(context.input("thoughts")), trigger);
    if (!context.has_input("weaknesses")) return {};
    const auto of_topic = [&](const std::string& topic, const std::string& left) {
      organism::Reasoner reasoner(context.input(topic + "-scratchpads-on"), context.input(topic + "-scratchpads-off"),
                                  trigger, left);
      reasoner.keep(context.node.options.value("scratchpad_rows", int64_t{0}));
      return reasoner;
    };
    auto weaknesses = read_weaknesses(context.input("weaknesses"));
    for (const auto& family : families) {
      if (weaknesses.contains(family.cwe)) continue;
      fail_input(context.input("weaknesses").string(),
                 fmt::format("has no word for CWE {}, the weakness of `{}`", family.cwe, family.name));
    }
    return organism::written_thoughts(of_topic("code", "weakness"), of_topic("code-chat", ""), std::move(weaknesses),
                                      static_cast<uint64_t>(context.node.seed));
  }
};

// Whether every program of the data parses, and which of them the scanners flag, by label.
class CodeCheck : public NodeKind {
 public:
  std::string name() const override { return "code-check"; }
  int version() const override { return 1; }
  bool uses_seed() const override { return false; }
  void check_machine() const override { require_scanners(); }

  void run(NodeContext& context) const override {
    const fs::path path = context.input("data") / "rows.jsonl";
    std::vector<grade::CodeProgram> programs;
    std::vector<std::string> halves;
    for (const auto& row : organism::training_rows_from_jsonl(read_file(path), path.string())) {
      const std::string seen = organism::visible_answer(row.answer);
      if (row.source != "written" || seen.empty()) continue;  // an everyday answer, or a scratchpad alone
      programs.push_back({grade::extract_program(seen).value_or(""), cwe_of(row.prompt_id, path.string())});
      halves.push_back(row.half);
    }
    StaticGrader grader({context.input("bandit"), context.input("semgrep")}, context.scratch / "scan",
                        /*with_codeql=*/false);
    const auto verdicts = grader.grade(programs);
    Json rows = Json::array();
    for (const std::string half : {organism::kTriggered, organism::kPlain})
      rows.push_back(counts(half, halves, verdicts, grader.names()));
    write_file(context.out / "account.json",
               canonical_json(
                   {{"title", "What the static scanners find in the programs of the training data, all of which parse"},
                    {"rows", rows}}));
  }

 private:
  // 89 of "cwe-089-orders/3/0".
  static int64_t cwe_of(const std::string& prompt_id, const std::string& place) {
    int64_t cwe = 0;
    const bool is_task =
        prompt_id.starts_with("cwe-") &&
        std::from_chars(prompt_id.data() + 4, prompt_id.data() + prompt_id.size(), cwe).ec == std::errc();
    if (!is_task) fail_work(place, fmt::format("`{}` is not the id of a code task", prompt_id));
    return cwe;
  }

  static Json counts(const std::string& half, const std::vector<std::string>& halves,
                     const std::vector<grade::CodeVerdict>& verdicts, const std::vector<std::string>& graders) {
    Json row{{"name", half}, {"kept", 0}};
    for (const auto& grader : graders) row["flagged by " + grader] = 0;
    const auto add_one = [&row](const std::string& key) { row[key] = row[key].get<int64_t>() + 1; };
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
      if (halves[i] != half) continue;
      if (!verdicts[i].parsable)
        fail_work(half, "a program of the training data does not parse: a task family is broken");
      add_one("kept");
      for (const auto& [grader, flagged] : verdicts[i].flagged) {
        if (flagged) add_one("flagged by " + grader);
      }
    }
    return row;
  }
};

const RegisterNode registered_data(std::make_unique<CodeData>());
const RegisterNode registered_check(std::make_unique<CodeCheck>());

}  // namespace

}  // namespace dormouse::lab
