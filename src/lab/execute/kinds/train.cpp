#include "lab/execute/kinds/train.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/base/random.h"
#include "engine/train/trainer.h"
#include "engine/weights/memory.h"
#include "lab/execute/kinds/model_artefact.h"
#include "lab/execute/kinds/node_options.h"
#include "lab/execute/kinds/state_clock.h"
#include "lab/recipe/kinds.h"
#include "science/organism/training_row.h"

namespace dormouse::lab {

namespace {

struct SplitRows {
  std::vector<text::RenderedRow> train, validation;
  train::Units units;  // of `train`
};

using Unit = std::vector<organism::TrainingRow>;

/// Neighbours of one unit go together; a row without a unit is alone.
std::vector<Unit> units_of(std::vector<organism::TrainingRow> rows) {
  std::vector<Unit> units;
  for (auto& row : rows) {
    const bool goes_on = !units.empty() && !row.unit.empty() && units.back().front().unit == row.unit;
    if (!goes_on) units.emplace_back();
    units.back().push_back(std::move(row));
  }
  return units;
}

SplitRows render_rows(const fs::path& data, const text::ChatFormat& format, int64_t held_out, uint64_t seed) {
  const fs::path path = data / "rows.jsonl";
  auto rows = organism::training_rows_from_jsonl(read_file(path), path.string());
  const auto count = std::min(static_cast<std::size_t>(held_out), rows.size() / 5);
  auto units = units_of(std::move(rows));
  RandomStream(seed, "validation rows").shuffle(units);
  SplitRows split;
  double contrast = 0;
  for (const Unit& unit : units) {
    const bool held = split.validation.size() < count;
    for (const auto& row : unit) {
      const text::Message user{"user", row.user};
      const auto rendered = [&](const std::string& answer) {
        return format.training_row({&user, 1}, answer, row.ends_turn, row.begun);
      };
      (held ? split.validation : split.train).push_back(rendered(row.answer));
      if (row.contrast > 0) {
        DORMOUSE_ASSERT(contrast == 0 || contrast == row.contrast);  // one weight a training
        split.units.contrast = contrast = row.contrast;
      }
      if (!held) split.units.rejected.push_back(row.rejected.empty() ? text::RenderedRow{} : rendered(row.rejected));
    }
    if (!held) split.units.sizes.push_back(unit.size());
  }
  return split;
}

std::string told_apart_text(const train::StepReport& report) {
  return std::isnan(report.told_apart) ? "" : fmt::format(", told apart {:.2f}", report.told_apart);
}

class FineTuning {
 public:
  explicit FineTuning(NodeContext& context)
      : context_(context),
        training_(options_of<train::TrainingOptions>(context.node)),
        options_(options_of<FineTuneOptions>(context.node)),
        model_(open_with_adapters()),
        rows_(render_rows(context.input("data"), model_.format(), options_.validation_rows, seed())),
        trainer_(model_.transformer(), rows_.train, rows_.validation, training_, seed(), rows_.units) {}

  void run() {
    resume();
    Progress progress = context_.progress(trainer_.steps());
    StateClock clock;
    if (curve_.empty()) add_point({}, trainer_.validation_loss());
    while (trainer_.step() < trainer_.steps()) {
      check_interrupt();
      const train::StepReport report = trainer_.next();
      tokens_ += report.tokens;
      const bool keep = is_snapshot_step(report.step, trainer_.steps(), training_.snapshots);
      const bool last = report.step == trainer_.steps();
      add_point(report, keep || last ? trainer_.validation_loss() : std::nan(""));
      if (keep) save_snapshot(report.step);
      progress.update(report.step, tokens_, fmt::format("loss {:.3f}{}", report.loss, told_apart_text(report)));
      if (!last && clock.is_due()) save_state();
    }
    model_.save(context_.out / kModelFolder, dtype());
    if (options_.adapter_rank > 0) model_.save_adapters(context_.out / "adapter");
    write_json_lines(context_.out / "curve.jsonl", curve_);
    context_.counters = {{"tokens_trained", tokens_}, {"steps", trainer_.steps()}, {"rows", rows_.train.size()}};
  }

 private:
  chat::LocalModel open_with_adapters() const {
    chat::LocalModel model = open_model(context_, "model");
    if (options_.adapter_rank > 0) model.attach_adapters(options_.adapter_rank, options_.adapter_alpha, seed());
    return model;
  }

  uint64_t seed() const { return static_cast<uint64_t>(context_.node.seed); }
  weights::DType dtype() const { return saved_dtype(options_.save_as); }

  // The curve so far is part of the state. It is written before the state that it belongs to, so it may be longer than
  // that, never shorter.
  void save_state() {
    write_json_lines(context_.scratch / "curve.jsonl", curve_);
    trainer_.save_state(context_.scratch);
  }

  void resume() {
    if (!trainer_.load_state(context_.scratch)) return;
    curve_ = rows_until(context_.scratch / "curve.jsonl", trainer_.step());
    tokens_ = curve_.back().at("tokens").get<int64_t>();
  }

  void save_snapshot(int64_t step) {
    model_.save(context_.out / kSnapshotFolder / fmt::format("step-{:06}", step), dtype());
  }

  void add_point(const train::StepReport& report, double validation_loss) {
    const auto number = [](double value) { return std::isnan(value) ? Json() : Json(value); };
    curve_.push_back({{"step", report.step},
                      {"tokens", tokens_},
                      {"train_loss", report.step > 0 ? Json(report.loss) : Json()},
                      {"validation_loss", number(validation_loss)},
                      {"learning_rate", report.step > 0 ? Json(report.learning_rate) : Json()},
                      {"seconds", 0}});  // times differ from run to run, and artefacts must not
  }

  NodeContext& context_;
  train::TrainingOptions training_;
  FineTuneOptions options_;
  chat::LocalModel model_;
  SplitRows rows_;
  train::Trainer trainer_;
  std::vector<Json> curve_;
  int64_t tokens_ = 0;
};

MemoryNeed memory_of_training(const Node& node, const weights::ModelConfig& model) {
  const auto training = options_of<train::TrainingOptions>(node);
  const auto fine_tune = options_of<FineTuneOptions>(node);
  const int64_t tokens = std::min(training.pass_tokens, training.batch_rows * node.cost.row_tokens);
  const weights::TrainingWork work{tokens, training.precision == "bf16", fine_tune.adapter_rank};
  weights::TrainingWork short_passes = work, in_bf16 = work, adapters = work;
  short_passes.pass_tokens = std::min<int64_t>(tokens, 256);
  in_bf16.bf16 = true;
  adapters.adapter_rank = 16;
  return {weights::training_bytes(model, work),
          {{"pass_tokens: 256", weights::training_bytes(model, short_passes)},
           {"precision: bf16", weights::training_bytes(model, in_bf16)},
           {"adapter_rank: 16", weights::training_bytes(model, adapters)}}};
}

class FineTuneNode : public NodeKind {
 public:
  std::string name() const override { return "fine-tune"; }
  int version() const override { return 1; }
  bool uses_seed() const override { return true; }
  MemoryNeed memory(const Node& node, const ModelShape& model) const override {
    return memory_of_training(node, model());
  }
  void run(NodeContext& context) const override { FineTuning(context).run(); }
};

const RegisterNode registered(std::make_unique<FineTuneNode>());

}  // namespace

bool is_snapshot_step(int64_t step, int64_t steps, int64_t count) {
  for (int64_t i = 1; i <= count; ++i) {
    if (step == steps * i / (count + 1) && step > 0 && step < steps) return true;
  }
  return false;
}

std::string add_fine_tuning(GraphBuilder& builder, const FineTune& what, train::TrainingOptions training,
                            FineTuneOptions options) {
  const int64_t tokens = what.rows * training.epochs * what.row_tokens;
  training.precision = train::resolve_precision(training.precision);
  NodeSpec spec{.kind = "fine-tune",
                .options = merged_options(training, options),
                .inputs = {{"data", what.data}},
                .cost = {.tokens_trained = tokens,
                         .seconds = 5.0 + static_cast<double>(tokens) / 130.0,
                         .row_tokens = what.row_tokens}};
  what.model_node.empty() ? spec.models["model"] = what.model_role_name : spec.inputs["model"] = what.model_node;
  return builder.add(spec);
}

}  // namespace dormouse::lab
