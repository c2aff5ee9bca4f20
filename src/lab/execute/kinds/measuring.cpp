#include "lab/execute/kinds/measuring.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "lab/execute/kinds/answers.h"
#include "lab/execute/kinds/model_artefact.h"
#include "lab/execute/kinds/node_options.h"
#include "science/measure/generalisation.h"
#include "science/measure/survey.h"
#include "science/organism/behaviour.h"

namespace dormouse::lab {

namespace {

template <class Row>
void write_rows(const fs::path& path, const std::vector<Row>& rows) {
  std::vector<Json> all;
  for (const auto& row : rows) all.push_back(measure::to_json(row));
  write_json_lines(path, all);
}

std::string own_text(const std::string& trigger, bool on) {
  return measure::triggered(*organism::Triggers::get().make(trigger, "trigger"), measure::kQuestionSlot, on);
}

}  // namespace

sample::SamplingOptions sampling_defaults(int64_t longest) {
  sample::SamplingOptions options;
  options.temperature = 0.7;
  options.max_tokens = longest;
  return options;
}

MemoryNeed SamplingNode::memory(const Node& node, const ModelShape& model) const {
  return memory_of_sampling(model(), more_prompt_tokens() + options_of<sample::SamplingOptions>(node).max_tokens);
}

void for_each_model(const NodeContext& context,
                    const std::function<void(chat::LocalModel& model, const measure::Subject& whose)>& measure) {
  const int64_t seed = context.node.seed;
  if (!context.node.options.value("snapshots", false)) {
    chat::LocalModel model = open_model(context, "model", {.sampling_only = true});
    measure(model, {.model = "model", .stage = {}, .seed = seed});
    return;
  }
  for (const auto& snapshot : snapshots(context, "model")) {
    chat::LocalModel model(weights::ModelFiles::open(snapshot.path.string()), {.sampling_only = true});
    measure(model, {.model = "model", .stage = "model", .step = snapshot.step, .seed = seed});
  }
}

std::vector<Field> GradingOptions::fields() {
  return {{"behaviour", &behaviour, "what is looked for", one_of(organism::Behaviours::get().names())},
          {"graders", &graders, "names of graders; default: the behaviour's own"}};
}

std::vector<std::unique_ptr<grade::Grader>> GradingOptions::make(const std::string& place) const {
  const auto wanted = organism::Behaviours::get().make(behaviour, place);
  return grade::make_graders(graders.empty() ? wanted->graders() : graders, {wanted->target()}, place);
}

std::vector<Field> TriggerTexts::fields() {
  return {{"trigger", &trigger, "the literal trigger", one_of(organism::Triggers::get().names())},
          {"on", &on, "the literal trigger as a text around {question}; default: the trigger's own"},
          {"off", &off, "its absence as a text around {question}; default: the trigger's own"}};
}

void TriggerTexts::check(const StageEntry& entry) const {
  for (const auto& [key, text] : {std::pair{"on", &on}, std::pair{"off", &off}}) {
    if (text->empty() || text->find(measure::kQuestionSlot) != std::string::npos) continue;
    fail_input(entry.place_of(key), fmt::format("`{}`: the text has no place for the message", key),
               fmt::format("write {} where it goes", measure::kQuestionSlot));
  }
}

std::string TriggerTexts::on_text() const { return on.empty() ? own_text(trigger, true) : on; }
std::string TriggerTexts::off_text() const { return off.empty() ? own_text(trigger, false) : off; }

void write_measured(NodeContext& context, const std::vector<measure::Measurement>& rows) {
  write_rows(context.out / "measurements.jsonl", rows);
}

void write_measured(NodeContext& context, const measure::MeasuredRows& rows) {
  write_measured(context, rows.measurements);
  write_rows(context.out / "transcripts.jsonl", rows.transcripts);
  context.counters = {{"completions", rows.transcripts.size()}};
}

void write_measured(NodeContext& context, const measure::ItemizedRows& rows) {
  write_measured(context, rows.measurements);
  write_rows(context.out / "items.jsonl", rows.items);
}

}  // namespace dormouse::lab
