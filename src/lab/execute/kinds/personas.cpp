// `personas`: how probable a model finds the answers that show a trait, and the change from the first model of the
// list, statement by statement.
#include <algorithm>

#include "core/base/error.h"
#include "lab/execute/kinds/measuring.h"
#include "lab/execute/kinds/model_artefact.h"
#include "lab/execute/kinds/node_options.h"
#include "lab/execute/kinds/paired_change.h"
#include "lab/execute/kinds/scoring.h"
#include "science/measure/persona.h"

namespace dormouse::lab {

namespace {

struct StatementOptions {
  std::string prompt = "chat";
  int64_t count = 0;

  std::vector<Field> fields() {
    return {{"prompt", &prompt, "chat: as a user's message; plain: as text, for a model without chat",
             one_of({"chat", "plain"})},
            {"count", &count, "statements of each set, evenly spread over it; 0: all", at_least(0)}};
  }
};

struct PersonasStage : StageOptions {
  std::vector<std::string> models;
  std::vector<std::string> statements = {"persona/ai-identity", "persona/power-seeking", "persona/corrigibility",
                                         "persona/self-preservation"};
  StatementOptions statement;

  std::vector<Field> fields() override {
    return joined({{{"models", &models, "the models to measure; the others are compared with the first", required()},
                    {"statements", &statements, "sets of this project, or files in the layout of anthropics/evals"}},
                   statement.fields()});
  }
  std::vector<std::string> references() const override { return {"models"}; }
};

class PersonasNode : public NodeKind {
 public:
  std::string name() const override { return "personas"; }
  int version() const override { return 2; }
  bool uses_seed() const override { return false; }
  MemoryNeed memory(const Node&, const ModelShape& model) const override { return memory_of_scoring(model()); }

  void run(NodeContext& context) const override {
    const auto options = options_of<StatementOptions>(context.node);
    const auto names = context.node.options.at("names").get<std::vector<std::string>>();
    const auto paths = context.inputs("statements");
    std::vector<std::vector<measure::Statement>> sets;
    std::vector<measure::Continuation> continuations;
    for (const auto& path : paths) {
      sets.push_back(measure::spread(measure::read_statements(path), options.count, path.string()));
      for (const auto& statement : sets.back()) {
        for (auto& answer : measure::answers_of(statement, options.prompt == "chat"))
          continuations.push_back(std::move(answer));
      }
    }
    chat::LocalModel model = open_model(context, "model");
    const auto scores = score_continuations(context, model, continuations);
    measure::ItemizedRows all;
    auto next = scores.begin();
    for (std::size_t i = 0; i < sets.size(); ++i) {
      const auto end = next + static_cast<std::ptrdiff_t>(2 * sets[i].size());
      auto rows = measure::persona(names[i], sets[i], {next, end}, {.model = "model"});
      all.measurements.insert(all.measurements.end(), rows.measurements.begin(), rows.measurements.end());
      all.items.insert(all.items.end(), rows.items.begin(), rows.items.end());
      next = end;
    }
    write_measured(context, all);
  }
};

class Personas : public StageKind {
 public:
  std::string name() const override { return "personas"; }
  std::string doc() const override {
    return "the probability of answers that show a trait; control: the first model, on the same statements";
  }
  Section section() const override { return Section::kMeasure; }
  std::unique_ptr<StageOptions> make_options() const override { return std::make_unique<PersonasStage>(); }

  std::string expand(const StageEntry& entry, GraphBuilder& builder) const override {
    const auto& options = entry.options_as<PersonasStage>();
    std::map<std::string, fs::path> files;
    std::vector<std::string> names;
    std::size_t count = 0;
    for (const auto& set : options.statements) {
      const fs::path path = builder.prompts(set, "statements");
      files["statements." + std::to_string(names.size())] = path;
      names.push_back(path.stem().string());
      if (std::count(names.begin(), names.end(), names.back()) > 1) {
        fail_input(entry.place_of("statements"), "two sets have the name `" + names.back() + "`",
                   "rename one of the files");
      }
      count += measure::spread(measure::read_statements(path), options.statement.count, entry.place_of("count")).size();
    }
    if (names.empty()) fail_input(entry.place_of("statements"), "names no set");
    Json identity = merged_options(options.statement);
    identity["names"] = names;
    add_compared(builder, options.models,
                 {.kind = "personas",
                  .options = identity,
                  .files = files,
                  .cost = {.seconds = 3 + 0.1 * static_cast<double>(count)}});
    return "";
  }
};

const RegisterNode registered_node(std::make_unique<PersonasNode>());
const RegisterStage registered_stage(std::make_unique<Personas>());

}  // namespace

}  // namespace dormouse::lab
