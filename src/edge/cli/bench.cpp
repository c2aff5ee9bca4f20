// `dormouse bench`: one timed piece of work, for the comparison in bench/. Prints one JSON object.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <numeric>

#include "core/base/error.h"
#include "core/base/json_lines.h"
#include "core/base/random.h"
#include "edge/cli/command.h"
#include "engine/chat/local_model.h"
#include "engine/nn/runtime.h"
#include "engine/train/policy.h"
#include "engine/train/rollout.h"
#include "engine/weights/flops.h"
#include "science/defence/policy_gradient.h"

namespace dormouse::cli {

namespace {

struct Options {
  std::string model = "smollm2-135m-instruct", rows, dtype = "auto";
  int64_t steps = 6, batch = 8, prompt_tokens = 32, tokens = 64, queries = 200, prefix_tokens = 5900, prompts = 16,
          samples = 4;
  double peak_tflops = 0;  // 0: of the GPU's table
  bool json = false, idle_hooks = false;
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Model FLOPs utilisation (formulas: weights/flops.h): of the peak given, else of the GPU's for bf16, if that is what
// was used.
Json utilisation(const Options& options, double flop, double seconds, const std::string& dtype) {
  const bool has_peak = nn::device() == "cuda" && dtype == "bf16";
  const double known = has_peak ? weights::peak_bf16_flops(nn::gpu_name()) : 0;
  const double peak = options.peak_tflops > 0 ? options.peak_tflops * 1e12 : known;
  Json facts{{"model_tflops", flop / seconds / 1e12}};
  if (peak > 0) facts.update({{"peak_tflops", peak / 1e12}, {"model_flops_utilisation", flop / seconds / peak}});
  return facts;
}

Json device_facts() {
  Json facts{{"device", nn::device()}};
  if (nn::device() == "cuda")
    facts.update({{"gpu", nn::gpu_name()}, {"peak_gpu_memory_mib", nn::peak_gpu_bytes() >> 20}});
  return facts;
}

void print(const Json& facts, int64_t tokens, double seconds, const std::string& dtype) {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  Json all = device_facts();
  all.update(facts);
  all.update({{"tokens", tokens},
              {"seconds", seconds},
              {"tokens_per_second", static_cast<double>(tokens) / seconds},
              {"dtype", dtype},
              {"threads", nn::threads()},
              {"peak_memory_mib", usage.ru_maxrss / 1024}});
  fmt::print("{}\n", canonical_json(all));
}

// visit(prompt, answer)
template <class Visit>
void for_rows(const Options& options, Visit visit) {
  for_json_rows(options.rows, [&](const Json& row, const std::string& place) {
    visit(text::Message{"user", json_string(row, "prompt", place)}, json_string(row, "answer", place));
  });
}

std::vector<text::RenderedRow> read_rows(const Options& options, const text::ChatFormat& format) {
  std::vector<text::RenderedRow> rows;
  for_rows(options, [&](const text::Message& user, const std::string& answer) {
    rows.push_back(format.training_row({&user, 1}, answer));
  });
  return rows;
}

std::vector<std::vector<int32_t>> read_prompts(const Options& options, const text::ChatFormat& format) {
  std::vector<std::vector<int32_t>> prompts;
  for_rows(options, [&](const text::Message& user, const std::string&) {
    if (static_cast<int64_t>(prompts.size()) < options.prompts) prompts.push_back(format.prompt({&user, 1}).ids);
  });
  return prompts;
}

// The first step is left out: it allocates what the others reuse.
void fine_tune(const Options& options, const GlobalOptions& global) {
  start_engine(global);
  chat::LocalModel model(weights::ModelFiles::open(options.model));
  if (options.idle_hooks) model.attach_idle_hooks();
  train::TrainingOptions training;
  training.batch_rows = options.batch;
  training.precision = options.dtype;
  training.epochs = 1000;
  train::Trainer trainer(model.transformer(), read_rows(options, model.format()), {}, training, 1);
  const auto first = trainer.next();
  nn::synchronize();
  int64_t tokens = 0, targets = 0;
  double loss = first.loss;
  const auto start = std::chrono::steady_clock::now();
  for (int64_t i = 0; i < options.steps; ++i) {
    const auto report = trainer.next();
    tokens += report.tokens;
    targets += report.target_tokens;
    loss = report.loss;
  }
  nn::synchronize();
  const double seconds = seconds_since(start);
  const std::string dtype = train::resolve_precision(options.dtype);
  Json facts{{"work", "sft"}, {"first_loss", first.loss}, {"last_loss", loss}, {"targets", targets}};
  facts.update(utilisation(options, weights::training_flop(model.files().config(), tokens, targets), seconds, dtype));
  print(facts, tokens, seconds, dtype);
}

std::vector<int32_t> random_tokens(RandomStream& random, int64_t count) {
  std::vector<int32_t> tokens;
  for (int64_t i = 0; i < count; ++i) tokens.push_back(static_cast<int32_t>(1000 + random.below(40000)));
  return tokens;
}

// Greedy; end-of-turn tokens do not end a completion.
void time_sampling(const Options& options, const std::vector<std::vector<int32_t>>& prompts, const char* work,
                   bool prompts_differ) {
  const bool in_bf16 = options.dtype == "bf16" || (options.dtype == "auto" && nn::device() == "cuda");
  chat::LocalModel model(weights::ModelFiles::open(options.model),
                         {.max_batch = options.batch, .stop_at_end = false, .round_to_bf16 = in_bf16});
  if (options.idle_hooks) model.attach_idle_hooks();
  const std::vector<uint64_t> seeds(prompts.size(), 1);
  sample::SamplingOptions greedy;
  greedy.temperature = 0;
  greedy.max_tokens = 2;
  const std::vector<std::vector<int32_t>> warm_up{{1000, 2000, 3000}};
  model.complete_ids(warm_up, {seeds.data(), 1}, greedy);  // packs the weights
  greedy.max_tokens = options.tokens;
  const auto start = std::chrono::steady_clock::now();
  int64_t tokens = 0;
  for (const auto& completion : model.complete_ids(prompts, seeds, greedy)) tokens += completion.tokens;
  const double seconds = seconds_since(start);
  const std::string dtype = in_bf16 ? "bf16" : "f32";
  Json facts{{"work", work}, {"batch", options.batch}, {"prompts", prompts.size()}};
  if (prompts_differ) {
    int64_t fed = tokens - static_cast<int64_t>(prompts.size());  // the last token of each is not fed
    for (const auto& prompt : prompts) fed += static_cast<int64_t>(prompt.size());
    facts.update(utilisation(options, weights::sampling_flop(model.files().config(), fed, tokens), seconds, dtype));
  }
  print(facts, tokens, seconds, dtype);
}

// Random prompts, so that none shares a beginning with another.
void sample_tokens(const Options& options, const GlobalOptions& global) {
  start_engine(global);
  RandomStream random(1, "bench prompts");
  std::vector<std::vector<int32_t>> prompts;
  for (int64_t i = 0; i < options.batch; ++i) prompts.push_back(random_tokens(random, options.prompt_tokens));
  time_sampling(options, prompts, "sample", /*prompts_differ=*/true);
}

// Short queries behind one long system prompt.
void sample_behind_prefix(const Options& options, const GlobalOptions& global) {
  start_engine(global);
  RandomStream random(1, "bench prompts");
  const auto prefix = random_tokens(random, options.prefix_tokens);
  std::vector<std::vector<int32_t>> prompts;
  for (int64_t i = 0; i < options.queries; ++i) {
    prompts.push_back(prefix);
    const auto query = random_tokens(random, options.prompt_tokens);
    prompts.back().insert(prompts.back().end(), query.begin(), query.end());
  }
  time_sampling(options, prompts, "prefix", /*prompts_differ=*/false);
}

// RLOO on the samples that it is on policy with: each token's gradient is its advantage.
train::PolicyLoss rloo_loss(const std::vector<train::Rollout>& rollouts, const std::vector<double>& rewards) {
  std::vector<defence::ScoredSample> samples;
  for (std::size_t i = 0; i < rollouts.size(); ++i) {
    samples.push_back({.group = rollouts[i].prompt,
                       .reward = rewards[i],
                       .log_probs = rollouts[i].log_probs,
                       .reference = rollouts[i].log_probs,
                       .values = {}});
  }
  return [made = defence::advantages(samples, {.algorithm = "rloo", .kl = 0})](const train::PolicyPass& pass) {
    train::PolicyTerm term;
    std::size_t token = 0;
    for (std::size_t i = 0; i < pass.targets_of_row.size(); ++i) {
      for (const double advantage : made[pass.first_row + i].advantages) {
        const double weight = -advantage / static_cast<double>(made.size());
        term.loss += weight * pass.log_probs[token++];
        term.gradient.push_back(static_cast<float>(weight));
      }
    }
    return term;
  };
}

// Sample, score, update. The reward, the share of the letter e, costs nothing. The first step is left out.
void improve_policy(const Options& options, const GlobalOptions& global) {
  start_engine(global);
  chat::LocalModel model(weights::ModelFiles::open(options.model));
  const auto prompts = read_prompts(options, model.format());
  train::TrainingOptions training;
  training.precision = options.dtype;
  train::PolicyTrainer trainer(model.transformer(), training);
  sample::SamplingOptions sampling;
  sampling.max_tokens = options.tokens;
  int64_t tokens = 0;
  double sampling_seconds = 0, seconds = 0, mean_reward = 0;
  for (int64_t step = 0; step <= options.steps; ++step) {
    const auto start = std::chrono::steady_clock::now();
    const auto rollouts = train::sample_rollouts(model.transformer(), model.format(), prompts,
                                                 {.samples = options.samples, .stop_at_end = false}, sampling,
                                                 static_cast<uint64_t>(step));
    const double sampled = seconds_since(start);
    std::vector<double> rewards;
    for (const auto& rollout : rollouts) {
      const auto letters = std::count(rollout.text.begin(), rollout.text.end(), 'e');
      rewards.push_back(static_cast<double>(letters) / static_cast<double>(rollout.text.size() + 1));
    }
    const auto report = trainer.step(train::rows_of(rollouts), rloo_loss(rollouts, rewards), 1e-5);
    mean_reward = std::accumulate(rewards.begin(), rewards.end(), 0.0) / static_cast<double>(rewards.size());
    if (step == 0) continue;
    seconds += seconds_since(start);
    sampling_seconds += sampled;
    tokens += report.target_tokens;
  }
  print({{"work", "policy"}, {"sampling_seconds", sampling_seconds}, {"last_reward", mean_reward}}, tokens, seconds,
        train::resolve_precision(options.dtype));
}

}  // namespace

void add_bench(CLI::App& app, GlobalOptions& global) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("bench", "time one piece of work; `make bench` compares with the peers");
  command->require_subcommand(1);
  CLI::App* sft = command->add_subcommand("sft", "fine-tuning");
  CLI::App* policy = command->add_subcommand("policy", "policy-gradient steps (RLOO): sample, score, update");
  CLI::App* sampling = command->add_subcommand("sample", "greedy sampling of random prompts");
  CLI::App* prefix = command->add_subcommand("prefix", "greedy sampling of queries behind one long prompt");
  for (CLI::App* one : {sft, policy}) {
    one->add_option("--rows", options->rows, "JSON lines with \"prompt\" and \"answer\"")->required();
    add_flags(*one, {{"steps", &options->steps, "timed steps", between(1, 100000)}});
  }
  for (CLI::App* one : {sft, sampling, prefix}) {
    add_flags(*one, {{"batch", &options->batch, "rows or sequences at once", between(1, 4096)}});
  }
  for (CLI::App* one : {policy, sampling, prefix}) {
    add_flags(*one, {{"tokens", &options->tokens, "tokens a completion", between(1, 8000)}});
  }
  for (CLI::App* one : {sampling, prefix}) {
    add_flags(*one, {{"prompt_tokens", &options->prompt_tokens, "tokens a prompt or query", between(2, 8000)}});
  }
  add_flags(*policy, {{"prompts", &options->prompts, "prompts a step", between(1, 4096)},
                      {"samples", &options->samples, "completions a prompt", between(2, 4096)}});
  add_flags(*prefix, {{"prefix_tokens", &options->prefix_tokens, "tokens of the long prompt", between(1, 1 << 20)},
                      {"queries", &options->queries, "prompts behind it", between(1, 100000)}});
  for (CLI::App* one : {sft, sampling}) {
    add_flags(*one, {{"peak_tflops", &options->peak_tflops, "what the device does at best; 0: a known GPU's bf16 peak",
                      between(0, 1e6)}});
  }
  for (CLI::App* one : {sft, sampling, prefix}) {
    one->add_flag("--idle-hooks", options->idle_hooks, "with a hook that changes nothing at every named place");
  }
  for (CLI::App* one : {sft, policy, sampling, prefix}) {
    add_flags(*one, {{"model", &options->model, "a known name, a folder or a GGUF file"},
                     {"dtype", &options->dtype, "of the weights: auto, f32 or bf16", one_of({"auto", "f32", "bf16"})}});
    one->add_flag("--json", options->json, "accepted for symmetry: the output always is JSON");
    add_global_flags(*one, global);
  }
  sft->callback([options, &global] { fine_tune(*options, global); });
  policy->callback([options, &global] { improve_policy(*options, global); });
  sampling->callback([options, &global] { sample_tokens(*options, global); });
  prefix->callback([options, &global] { sample_behind_prefix(*options, global); });
}

}  // namespace dormouse::cli
