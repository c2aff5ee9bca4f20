// `perplexity`: of clean text under each model, so that a ruined model is seen.
#include "science/measure/perplexity.h"

#include "core/base/error.h"
#include "engine/weights/memory.h"
#include "lab/execute/kinds/measuring.h"
#include "lab/execute/kinds/model_artefact.h"
#include "lab/execute/kinds/node_options.h"
#include "lab/recipe/kinds.h"
#include "lab/recipe/recipe.h"

namespace dormouse::lab {

namespace {

struct PerplexityStage : StageOptions {
  std::vector<std::string> models;
  std::string prompts = "clean-text/test";

  std::vector<Field> fields() override {
    return {{"models", &models, "the models to measure", required()},
            {"prompts", &prompts, "set of paragraphs, read as plain text without a chat template"}};
  }
  std::vector<std::string> references() const override { return {"models"}; }
};

class PerplexityNode : public NodeKind {
 public:
  std::string name() const override { return "perplexity"; }
  int version() const override { return 1; }
  bool uses_seed() const override { return false; }
  MemoryNeed memory(const Node&, const ModelShape& model) const override {
    return {weights::scoring_bytes(model(), 2048)};
  }

  void run(NodeContext& context) const override {
    chat::LocalModel model = open_model(context, "model");
    std::vector<text::RenderedRow> rows;
    int64_t tokens = 0;
    for (const auto& paragraph : organism::load_prompt_set(context.input("prompts")).prompts) {
      auto ids = model.format().tokenizer().encode(paragraph.text);
      tokens += static_cast<int64_t>(ids.size());
      std::vector<uint8_t> targets(ids.size(), 1);
      rows.push_back({paragraph.text, std::move(ids), std::move(targets)});
    }
    std::vector<measure::ParagraphLoss> losses;
    for (const auto& score : model.score(rows)) losses.push_back({-score.log_prob, score.targets});
    write_measured(context,
                   std::vector{measure::perplexity(losses, {.model = "model", .stage = "", .step = -1, .seed = 0})});
    context.counters = {{"tokens_scored", tokens}};
  }
};

class Perplexity : public StageKind {
 public:
  std::string name() const override { return "perplexity"; }
  std::string doc() const override { return "perplexity of clean text, with its interval over paragraphs"; }
  Section section() const override { return Section::kMeasure; }
  std::unique_ptr<StageOptions> make_options() const override { return std::make_unique<PerplexityStage>(); }

  std::string expand(const StageEntry& entry, GraphBuilder& builder) const override {
    const auto& options = entry.options_as<PerplexityStage>();
    const fs::path prompts = builder.prompts(options.prompts, "prompts");
    for (const auto& model : options.models) {
      builder.add({.kind = "perplexity",
                   .label = model,
                   .options = Json::object(),
                   .models = {{"model", model}},
                   .files = {{"prompts", prompts}},
                   .cost = {.seconds = 12}});
    }
    return "";
  }
};

const RegisterNode registered_node(std::make_unique<PerplexityNode>());
const RegisterStage registered_stage(std::make_unique<Perplexity>());

}  // namespace

}  // namespace dormouse::lab
