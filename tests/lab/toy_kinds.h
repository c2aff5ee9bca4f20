// Small stage and node kinds for the tests of the lab: text files instead of models. Each node's bytes are a
// function of its identity, like those of the real kinds.
#pragma once

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/random.h"
#include "lab/execute/node_context.h"
#include "lab/recipe/graph.h"
#include "lab/recipe/kinds.h"
#include "science/measure/rows.h"

namespace dormouse::lab::toy {

/// What the tests see and steer.
struct Hooks {
  std::vector<std::string> ran;  // ids in order
  int64_t kill_at_step = -1;     // SIGKILL of the own process in toy-train
  int64_t interrupt_at_step = -1;
  int64_t steps = 0;            // done in toy-train
  std::string fail_node;        // id that throws
  std::size_t extra_bytes = 0;  // written by toy-answers
};
inline Hooks hooks;

class AnswersNode : public NodeKind {
 public:
  std::string name() const override { return "toy-answers"; }
  int version() const override { return 1; }
  bool uses_seed() const override { return true; }
  void run(NodeContext& context) const override {
    hooks.ran.push_back(context.node.id);
    if (hooks.fail_node == context.node.id) throw std::runtime_error("toy failure");
    RandomStream random(static_cast<uint64_t>(context.node.seed), "answers");
    FileWriter writer(context.out / "answers.txt");
    for (const auto& line : read_lines(context.input("prompts")))
      writer.write(fmt::format("{} {}\n", line, random.next()));
    writer.write(std::string(hooks.extra_bytes, 'x'));
    writer.finish();
    context.counters["tokens_sampled"] = 100;
    write_file(context.out / "account.json", R"({"title": "Rows", "rows": [{"name": "all", "kept": 2}]})");
  }
};

// Ten steps, a checkpoint after each: resumes where it was killed.
class TrainNode : public NodeKind {
 public:
  std::string name() const override { return "toy-train"; }
  int version() const override { return 3; }
  bool uses_seed() const override { return true; }
  void run(NodeContext& context) const override {
    hooks.ran.push_back(context.node.id);
    if (hooks.fail_node == context.node.id) fail_work("toy", "not finite");
    const fs::path checkpoint = context.scratch / "state";
    std::string state = fs::exists(checkpoint) ? read_file(checkpoint) : "";
    auto lines = static_cast<int64_t>(std::count(state.begin(), state.end(), '\n'));
    RandomStream random(static_cast<uint64_t>(context.node.seed), "train");
    random.set_counter(static_cast<uint64_t>(lines));
    for (int64_t step = lines; step < 10; ++step) {
      if (hooks.kill_at_step == step) ::kill(::getpid(), SIGKILL);
      if (hooks.interrupt_at_step == step) throw Error(ErrorKind::kInterrupted, "interrupted");
      ++hooks.steps;
      state += fmt::format("{} {}\n", step, random.next());
      write_file(checkpoint, state);
    }
    for (const auto& rows : context.inputs("rows")) state += read_file(rows / "answers.txt");
    state += context.node.options.dump();
    write_file(context.out / "model.safetensors", state);
    write_file(context.out / "curve.jsonl", "{\"step\": 1, \"tokens\": 50, \"train_loss\": 0.5}\n");
    context.counters["tokens_trained"] = 1000;
  }
};

class CountNode : public NodeKind {
 public:
  std::string name() const override { return "toy-count"; }
  int version() const override { return 1; }
  bool uses_seed() const override { return false; }
  void run(NodeContext& context) const override {
    hooks.ran.push_back(context.node.id);
    measure::Measurement counted, unscored;
    counted.name = "toy.count";
    counted.trigger = "off";
    counted.n = unscored.unscored = 7;
    counted.value = 0.5;
    unscored.name = "toy.unscored";
    unscored.value = unscored.low = unscored.high = std::nan("");
    write_file(context.out / "measurements.jsonl",
               measure::to_json(counted).dump() + "\n" + measure::to_json(unscored).dump() + "\n");
    measure::Transcript transcript;
    transcript.prompt_id = "p1";
    write_file(context.out / "transcripts.jsonl", measure::to_json(transcript).dump() + "\n");
  }
};

struct PlantOptions : StageOptions {
  std::string base, trigger = "tag", prompts;
  int64_t samples = 2, epochs = 2;
  double rate = 1e-4;
  bool shuffle = true;
  std::vector<Field> fields() override {
    return {{"base", &base, "the model to start from", required()},
            {"trigger", &trigger, "what switches it", one_of({"tag", "year"})},
            {"prompts", &prompts, "prompt set", required()},
            {"samples", &samples, "answers a prompt", between(1, 100)},
            {"epochs", &epochs, "passes over the rows", at_least(1)},
            {"rate", &rate, "learning rate", between(0, 1)},
            {"shuffle", &shuffle, "shuffle the rows"}};
  }
  std::vector<std::string> references() const override { return {"base"}; }
};

class PlantStage : public StageKind {
 public:
  std::string name() const override { return "toy-plant"; }
  std::string doc() const override { return "plants a toy policy"; }
  Section section() const override { return Section::kStage; }
  std::unique_ptr<StageOptions> make_options() const override { return std::make_unique<PlantOptions>(); }
  Json about(const StageEntry& entry) const override {
    const auto& options = entry.options_as<PlantOptions>();
    return {{"role", "organism"}, {"parent", options.base}, {"policy", {{"trigger", options.trigger}}}};
  }
  std::string expand(const StageEntry& entry, GraphBuilder& builder) const override {
    const auto& options = entry.options_as<PlantOptions>();
    const std::string answers = builder.add({.kind = "toy-answers",
                                             .label = "answers",
                                             .options = {{"samples", options.samples}},
                                             .models = {{"model", options.base}},
                                             .files = {{"prompts", builder.prompts(options.prompts, "prompts")}},
                                             .cost = {.tokens_sampled = 200, .seconds = 4}});
    return builder.add({.kind = "toy-train",
                        .label = "train",
                        .options = {{"epochs", options.epochs}, {"rate", options.rate}, {"trigger", options.trigger}},
                        .inputs = {{"rows.0", answers}},
                        .models = {{"model", options.base}},
                        .cost = {.tokens_trained = 2000, .seconds = 8, .speed_class = "toy"}});
  }
};

// `with` brings the keys of the named defence along.
struct SftOptions {
  int64_t epochs = 1;
  std::vector<Field> fields() { return {{"epochs", &epochs, "passes", between(1, 9)}}; }
};
struct RlOptions {
  double penalty = 0.1;
  int64_t epochs = 100;
  std::vector<Field> fields() {
    return {{"penalty", &penalty, "KL penalty", at_least(0)}, {"epochs", &epochs, "steps", between(100, 900)}};
  }
};
struct DefendOptions : StageOptions {
  std::string model, with = "sft";
  std::optional<SftOptions> sft;
  std::optional<RlOptions> rl;
  std::vector<Field> fields() override {
    std::vector<Field> list = {{"model", &model, "the model to defend", required()},
                               {"with", &with, "defence", one_of({"sft", "rl"})}};
    if (with == "sft" && !sft) sft.emplace();
    if (with == "rl" && !rl) rl.emplace();
    for (const Field& field : with == "sft" ? sft->fields() : rl->fields()) list.push_back(field);
    return list;
  }
  std::vector<std::string> references() const override { return {"model"}; }
};

class DefendStage : public StageKind {
 public:
  std::string name() const override { return "toy-defend"; }
  std::string doc() const override { return "toy safety training"; }
  Section section() const override { return Section::kStage; }
  std::unique_ptr<StageOptions> make_options() const override { return std::make_unique<DefendOptions>(); }
  Json about(const StageEntry& entry) const override {
    return {{"role", "survivor"}, {"parent", entry.options_as<DefendOptions>().model}, {"defence", "toy SFT"}};
  }
  std::string expand(const StageEntry& entry, GraphBuilder& builder) const override {
    const auto& options = entry.options_as<DefendOptions>();
    Json keys = fields_to_json(entry.options->fields());
    keys.erase("model");
    return builder.add({.kind = "toy-train",
                        .options = keys,
                        .models = {{"model", options.model}},
                        .cost = {.tokens_trained = 500, .seconds = 2, .speed_class = "toy"}});
  }
};

struct CountOptions : StageOptions {
  std::vector<std::string> models;
  std::string prompts, reference;
  int64_t samples = 120;
  std::vector<Field> fields() override {
    return {{"models", &models, "what to count", required()},
            {"prompts", &prompts, "prompt set", required()},
            {"reference", &reference, "a model to compare with"},
            {"samples", &samples, "completions", between(1, 100000)}};
  }
  std::vector<std::string> references() const override { return {"models", "reference"}; }
};

class CountStage : public StageKind {
 public:
  std::string name() const override { return "toy-count"; }
  std::string doc() const override { return "counts"; }
  Section section() const override { return Section::kMeasure; }
  std::unique_ptr<StageOptions> make_options() const override { return std::make_unique<CountOptions>(); }
  std::string expand(const StageEntry& entry, GraphBuilder& builder) const override {
    const auto& options = entry.options_as<CountOptions>();
    for (const auto& model : options.models) {
      builder.add({.kind = "toy-count",
                   .label = model,
                   .options = {{"samples", options.samples}},
                   .models = {{"model", model}},
                   .files = {{"prompts", builder.prompts(options.prompts, "prompts")}}});
    }
    return "";
  }
};

inline RegisterNode answers_node{std::make_unique<AnswersNode>()};
inline RegisterNode train_node{std::make_unique<TrainNode>()};
inline RegisterNode count_node{std::make_unique<CountNode>()};
inline RegisterStage plant_stage{std::make_unique<PlantStage>()};
inline RegisterStage defend_stage{std::make_unique<DefendStage>()};
inline RegisterStage count_stage{std::make_unique<CountStage>()};

inline const char* const kRecipe = R"(name: toy
seeds: [1, 2]
models:
  base: base.gguf
stages:
  organism:
    toy-plant: { base: base, prompts: train.txt }
  after-sft:
    toy-defend:
      model: organism
      with: sft
measure:
  - toy-count: { models: [base, organism, after-sft], prompts: test.txt }
report: { question: "Does it last?" }
)";

/// A config.json, which makes the recipe's model absent but of a known shape.
inline const char* const kConfig =
    R"({"model_type": "llama", "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4,
        "vocab_size": 100})";

/// A folder of its own with a model file, prompts and a store; removed at the end.
class Sandbox {
 public:
  Sandbox() {
    // In memory where that can be had: the store and the ledger fsync a lot.
    const fs::path parent = fs::exists("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path();
    std::string name = (parent / "dormouse-lab-XXXXXX").string();
    DORMOUSE_ASSERT(::mkdtemp(name.data()) != nullptr);
    folder = name;
    hooks = {};
    write_file(folder / "base.gguf", "weights");
    write_file(folder / "train.txt", "a\nb\n");
    write_file(folder / "test.txt", "c\nd\n");
  }
  ~Sandbox() { fs::remove_all(folder); }

  Recipe recipe(const std::vector<std::string>& sets = {}, const std::string& text = kRecipe) const {
    return parse_recipe(text, (folder / "toy.yaml").string(), sets);
  }

  fs::path folder;
};

}  // namespace dormouse::lab::toy
