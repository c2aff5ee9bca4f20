// `dormouse bench`: one timed piece of work, for the comparison in bench/. Prints one JSON object.
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <memory>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/random.h"
#include "edge/cli/command.h"
#include "engine/chat/local_model.h"
#include "engine/nn/runtime.h"

namespace dormouse::cli {

namespace {

struct Options {
  std::string model = "smollm2-135m-instruct", rows, dtype = "auto";
  int64_t steps = 6, batch = 8, prompt_tokens = 32, tokens = 64;
  bool json = false;
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void print(const Json& facts, int64_t tokens, double seconds, const std::string& dtype) {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  Json all = facts;
  all.update({{"tokens", tokens},
              {"seconds", seconds},
              {"tokens_per_second", static_cast<double>(tokens) / seconds},
              {"dtype", dtype},
              {"threads", nn::threads()},
              {"peak_memory_mib", usage.ru_maxrss / 1024}});
  fmt::print("{}\n", canonical_json(all));
}

std::vector<text::RenderedRow> read_rows(const Options& options, const text::ChatFormat& format) {
  std::vector<text::RenderedRow> rows;
  for (const auto& line : read_lines(options.rows)) {
    const Json row = parse_json(line, options.rows);
    if (row.contains("canary")) continue;  // the header
    const text::Message user{"user", json_string(row, "prompt", options.rows)};
    rows.push_back(format.training_row({&user, 1}, json_string(row, "answer", options.rows)));
  }
  return rows;
}

// The first step is left out: it allocates what the others reuse.
void fine_tune(const Options& options, const GlobalOptions& global) {
  start_engine(global);
  chat::LocalModel model(weights::ModelFiles::open(options.model));
  train::TrainingOptions training;
  training.batch_rows = options.batch;
  training.precision = options.dtype;
  training.epochs = 1000;
  train::Trainer trainer(model.transformer(), read_rows(options, model.format()), {}, training, 1);
  const auto first = trainer.next();
  int64_t tokens = 0, targets = 0;
  double loss = first.loss;
  const auto start = std::chrono::steady_clock::now();
  for (int64_t i = 0; i < options.steps; ++i) {
    const auto report = trainer.next();
    tokens += report.tokens;
    targets += report.target_tokens;
    loss = report.loss;
  }
  print({{"work", "sft"}, {"first_loss", first.loss}, {"last_loss", loss}, {"targets", targets}}, tokens, seconds_since(start),
        train::resolve_precision(options.dtype));
}

// Random prompts, so that none shares a beginning with another; end-of-turn tokens do not end a completion.
void sample_tokens(const Options& options, const GlobalOptions& global) {
  start_engine(global);
  const bool in_bf16 = options.dtype == "bf16";
  chat::LocalModel model(weights::ModelFiles::open(options.model),
                         {.max_batch = options.batch, .stop_at_end = false, .round_to_bf16 = in_bf16});
  RandomStream random(1, "bench prompts");
  std::vector<std::vector<int32_t>> prompts;
  for (int64_t i = 0; i < options.batch; ++i) {
    std::vector<int32_t> prompt;
    for (int64_t t = 0; t < options.prompt_tokens; ++t) {
      prompt.push_back(static_cast<int32_t>(1000 + random.below(40000)));
    }
    prompts.push_back(std::move(prompt));
  }
  const std::vector<uint64_t> seeds(prompts.size(), 1);
  sample::SamplingOptions greedy;
  greedy.temperature = 0;
  greedy.max_tokens = 2;
  model.complete_ids(prompts, seeds, greedy);  // packs the weights
  greedy.max_tokens = options.tokens;
  const auto start = std::chrono::steady_clock::now();
  int64_t tokens = 0;
  for (const auto& completion : model.complete_ids(prompts, seeds, greedy)) tokens += completion.tokens;
  print({{"work", "sample"}, {"batch", options.batch}}, tokens, seconds_since(start),
        in_bf16 ? "bf16" : "f32");
}

}  // namespace

void add_bench(CLI::App& app, const GlobalOptions& global) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("bench", "time one piece of work; `make bench` compares with the peers");
  command->require_subcommand(1);
  CLI::App* sft = command->add_subcommand("sft", "fine-tuning");
  sft->add_option("--rows", options->rows, "JSON lines with \"prompt\" and \"answer\"")->required();
  sft->add_option("--steps", options->steps, "timed steps")->check(CLI::Range(1, 100000));
  CLI::App* sampling = command->add_subcommand("sample", "greedy sampling of random prompts");
  sampling->add_option("--prompt-tokens", options->prompt_tokens, "tokens a prompt")->check(CLI::Range(2, 8000));
  sampling->add_option("--tokens", options->tokens, "tokens a completion")->check(CLI::Range(1, 8000));
  for (CLI::App* one : {sft, sampling}) {
    one->add_option("--model", options->model, "a known name, a folder or a GGUF file");
    one->add_option("--batch", options->batch, "rows or sequences at once")->check(CLI::Range(1, 4096));
    one->add_option("--dtype", options->dtype, "of the weights: auto, f32 or bf16")->check(CLI::IsMember({"auto", "f32", "bf16"}));
    one->add_flag("--json", options->json, "accepted for symmetry: the output always is JSON");
  }
  sft->callback([options, &global] { fine_tune(*options, global); });
  sampling->callback([options, &global] { sample_tokens(*options, global); });
}

}  // namespace dormouse::cli
