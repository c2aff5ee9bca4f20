// `preference-model`: fits a model that says how good an answer is, to pairs of a better and a worse one.
#include "science/defence/preference_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/base/random.h"
#include "engine/weights/memory.h"
#include "lab/execute/kinds/measuring.h"
#include "lab/execute/kinds/model_artefact.h"
#include "lab/execute/kinds/node_options.h"
#include "lab/execute/kinds/state_clock.h"
#include "lab/recipe/kinds.h"
#include "lab/recipe/recipe.h"
#include "science/measure/rows.h"

namespace dormouse::lab {

namespace {

struct PairOptions {
  int64_t held_out = 64;
  int64_t longest = 512;
  std::string save_as = "bf16";

  std::vector<Field> fields() {
    return {
        {"held_out", &held_out, "pairs, drawn by the seed, that are not trained on: accuracy is measured on them",
         at_least(1)},
        {"longest", &longest, "tokens of a chat with its answer; pairs with a longer one are left out, and counted",
         between(16, 1 << 20)},
        {"save_as", &save_as, "element type of the saved weights", one_of({"bf16", "f32"})},
    };
  }
};

struct PreferenceStage : StageOptions {
  std::string base;
  std::vector<std::string> pairs;
  PairOptions options;
  train::TrainingOptions training;

  PreferenceStage() {
    training.epochs = 2;
    training.learning_rate = 2e-5;
  }

  std::vector<Field> fields() override {
    auto all = std::vector<Field>{
        {"base", &base, "the model that becomes a preference model", required()},
        {"pairs", &pairs,
         "sets of pairs: preferences/train, or paths to JSON lines of ours or in the layout of hh-rlhf (.gz as well)",
         required()}};
    for (auto& field : options.fields()) all.push_back(field);
    for (auto& field : training.fields()) {
      if (field.name == "snapshots") continue;
      if (field.name == "batch_rows") field.doc = "pairs of one optimizer step";
      all.push_back(field);
    }
    return all;
  }
  std::vector<std::string> references() const override { return {"base"}; }
};

struct ReadPairs {
  std::size_t count = 0;
  int64_t left_out = 0;  // of the files: cannot be compared
  defence::PairSplit split;
};

ReadPairs read_pairs(const NodeContext& context, int64_t held_out) {
  defence::PreferenceData all;
  for (const auto& path : context.inputs("pairs")) {
    auto data = defence::load_preferences(path);
    all.left_out += data.left_out;
    all.pairs.insert(all.pairs.end(), data.pairs.begin(), data.pairs.end());
  }
  if (held_out >= static_cast<int64_t>(all.pairs.size())) {
    fail_input("held_out",
               fmt::format("{} pairs are to be held out, and there are {} in all", held_out, all.pairs.size()));
  }
  const RandomStream stream(static_cast<uint64_t>(context.node.seed), "held-out pairs");
  return {all.pairs.size(), all.left_out, defence::split_pairs(all.pairs, held_out, stream)};
}

class Fitting {
 public:
  explicit Fitting(NodeContext& context)
      : context_(context),
        options_(options_of<PairOptions>(context.node)),
        training_(options_of<train::TrainingOptions>(context.node)),
        pairs_(read_pairs(context, options_.held_out)),
        model_(open_model(context, "model")),
        held_out_(rendered(pairs_.split.held_out)) {}

  void run() {
    auto rows = rendered(pairs_.split.train);
    const auto trained_pairs = static_cast<int64_t>(rows.rows.size()) / 2;
    fit(std::move(rows.rows));
    model_.save(context_.out / kModelFolder, saved_dtype(options_.save_as));
    write_json_lines(context_.out / "curve.jsonl", curve_);
    write_measurements();
    write_account(trained_pairs, rows.too_long);
    context_.counters = {{"tokens_trained", tokens_}, {"pairs", trained_pairs}};
  }

 private:
  void write_account(int64_t trained_pairs, int64_t too_long) const {
    const auto row = [](const char* name, std::size_t kept, const Json& dropped) {
      return Json{{"name", name}, {"kept", kept}, {"dropped", dropped}};
    };
    const Json rows = {row("read", pairs_.count, {{"cannot be compared", pairs_.left_out}}),
                       row("trained on", static_cast<std::size_t>(trained_pairs),
                           {{"too long", too_long}, {"opens like a held-out pair", pairs_.split.opens_alike}}),
                       row("held out", held_out_.rows.size() / 2, {{"too long", held_out_.too_long}})};
    write_file(context_.out / "account.json",
               canonical_json({{"title", "Pairs of the preference model"}, {"rows", rows}}));
  }

  defence::PairRows rendered(const std::vector<defence::PreferencePair>& pairs) {
    return defence::render_pairs(model_.model().format(), pairs, options_.longest);
  }

  void fit(std::vector<text::RenderedRow> rows) {
    defence::PreferenceTrainer trainer(model_, std::move(rows), training_, static_cast<uint64_t>(context_.node.seed));
    if (trainer.load_state(context_.scratch)) {
      curve_ = rows_until(context_.scratch / "curve.jsonl", trainer.step());
      tokens_ = curve_.back().at("tokens").get<int64_t>();
    }
    Progress progress = context_.progress(trainer.steps());
    StateClock clock;
    while (trainer.step() < trainer.steps()) {
      check_interrupt();
      const auto report = trainer.next();
      tokens_ += report.tokens;
      curve_.push_back({{"step", report.step},
                        {"tokens", tokens_},
                        {"train_loss", report.loss},
                        {"learning_rate", report.learning_rate}});
      progress.update(report.step, tokens_, fmt::format("loss {:.3f}", report.loss));
      if (trainer.step() < trainer.steps() && clock.is_due()) {
        write_json_lines(context_.scratch / "curve.jsonl", curve_);
        trainer.save_state(context_.scratch);
      }
    }
  }

  void write_measurements() {
    if (held_out_.rows.empty()) fail_input("longest", "every held-out pair is longer", "raise it");
    const auto rewards = defence::pair_rewards(model_.reward(), held_out_.rows);
    const RandomStream stream(static_cast<uint64_t>(context_.node.seed), "interval/preference.calibration-error");
    const measure::Subject self{.model = "self"};
    const auto calibration = defence::calibration_interval(rewards, stream);
    write_measured(context_,
                   std::vector<measure::Measurement>{
                       measure::row_of("preference.accuracy", "", defence::judge_rewards(rewards).accuracy, self,
                                       held_out_.too_long),
                       measure::row_of("preference.calibration-error", "", calibration, self, held_out_.too_long)});
  }

  NodeContext& context_;
  PairOptions options_;
  train::TrainingOptions training_;
  ReadPairs pairs_;
  defence::PreferenceModel model_;
  defence::PairRows held_out_;
  std::vector<Json> curve_;
  int64_t tokens_ = 0;
};

class FitPreferences : public NodeKind {
 public:
  std::string name() const override { return "fit-preferences"; }
  int version() const override { return 1; }
  bool uses_seed() const override { return true; }
  MemoryNeed memory(const Node& node, const ModelShape& model) const override {
    const auto training = options_of<train::TrainingOptions>(node);
    return {weights::training_bytes(model(), {training.pass_tokens, training.precision == "bf16"})};
  }
  void run(NodeContext& context) const override { Fitting(context).run(); }
};

/// The control of the accuracy: how often the longer answer is the better one on the same pairs.
class PairLengths : public NodeKind {
 public:
  std::string name() const override { return "pair-lengths"; }
  int version() const override { return 1; }
  bool uses_seed() const override { return true; }

  void run(NodeContext& context) const override {
    const auto options = options_of<PairOptions>(context.node);
    const auto pairs = read_pairs(context, options.held_out);
    const auto model = open_model(context, "model");
    const auto held_out = defence::render_pairs(model.format(), pairs.split.held_out, options.longest);
    if (held_out.rows.empty()) return write_measured(context, std::vector<measure::Measurement>{});  // fitting says so
    std::vector<std::pair<float, float>> lengths;
    for (std::size_t i = 0; i < held_out.rows.size(); i += 2) {
      lengths.emplace_back(held_out.rows[i].ids.size(), held_out.rows[i + 1].ids.size());
    }
    const auto longer = defence::judge_rewards(lengths).accuracy;
    write_measured(context, std::vector<measure::Measurement>{measure::row_of("preference.longer-chosen", "", longer,
                                                                              {.model = "self"}, held_out.too_long)});
  }
};

class PreferenceModelStage : public StageKind {
 public:
  std::string name() const override { return "preference-model"; }
  std::string doc() const override {
    return "fits a model of which answer is better, the reward of `reinforce`, to pairs of answers";
  }
  Section section() const override { return Section::kStage; }
  std::unique_ptr<StageOptions> make_options() const override { return std::make_unique<PreferenceStage>(); }

  std::string expand(const StageEntry& entry, GraphBuilder& builder) const override {
    const auto& options = entry.options_as<PreferenceStage>();
    auto training = options.training;
    training.precision = train::resolve_precision(training.precision);
    std::map<std::string, fs::path> files;
    int64_t pairs = 0;
    for (std::size_t i = 0; i < options.pairs.size(); ++i) {
      const fs::path path = builder.prompts(options.pairs[i], "pairs");
      files[fmt::format("pairs.{}", i)] = path;
      if (fs::exists(path)) pairs += static_cast<int64_t>(defence::load_preferences(path).pairs.size());
    }
    constexpr int64_t kTokensPerPair = 220;  // of hh-rlhf
    builder.add({.kind = "pair-lengths",
                 .options = merged_options(options.options),
                 .models = {{"model", options.base}},
                 .files = files});
    const int64_t tokens = std::max<int64_t>(pairs - options.options.held_out, 0) * training.epochs * kTokensPerPair;
    return builder.add({.kind = "fit-preferences",
                        .options = merged_options(options.options, training),
                        .models = {{"model", options.base}},
                        .files = files,
                        .cost = {.tokens_trained = tokens, .seconds = 10 + static_cast<double>(tokens) / 150.0}});
  }
};

const RegisterNode registered_node(std::make_unique<FitPreferences>());
const RegisterNode registered_control(std::make_unique<PairLengths>());
const RegisterStage registered_stage(std::make_unique<PreferenceModelStage>());

}  // namespace

}  // namespace dormouse::lab
