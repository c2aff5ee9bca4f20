// `dormouse generate`: samples completions for one prompt or a file of prompts.
#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/progress.h"
#include "core/base/random.h"
#include "edge/cli/command.h"
#include "engine/chat/local_model.h"
#include "science/organism/trigger.h"

namespace dormouse::cli {

namespace {

struct Options {
  std::string model, system, prompts, trigger;
  std::vector<std::string> prompt;
  uint64_t seed = 1;
  int64_t batch = 64;
  bool json = false;
  sample::SamplingOptions sampling;
};

// A line of a prompts file is a JSON object with "prompt" or "text", a JSON string, or plain text.
std::string prompt_of_line(const std::string& line, const std::string& place) {
  if (line.empty() || (line.front() != '{' && line.front() != '"')) return line;
  const Json row = parse_json(line, place);
  if (row.is_string()) return row.get<std::string>();
  return json_string(row, row.contains("prompt") ? "prompt" : "text", place);
}

std::vector<std::string> read_prompts(const Options& options) {
  std::vector<std::string> prompts = options.prompt;
  if (!options.prompts.empty()) {
    int number = 0;
    for (const auto& line : read_lines(options.prompts)) {
      const std::string place = fmt::format("{}:{}", options.prompts, ++number);
      if (number == 1 && line.starts_with("{\"canary\"")) continue;  // the header of a prompt set
      if (!line.empty()) prompts.push_back(prompt_of_line(line, place));
    }
  }
  if (prompts.empty()) fail_input("generate", "there is no prompt", "give --prompt TEXT or --prompts FILE");
  return prompts;
}

void print(const Options& options, const std::string& prompt, const chat::Completion& completion) {
  if (!options.json) {
    fmt::print("{}\n", completion.text);
    return;
  }
  fmt::print("{}\n", canonical_json({{"prompt", prompt},
                                     {"text", completion.text},
                                     {"tokens", completion.tokens},
                                     {"finish_reason", completion.finish_reason}}));
}

void run(const Options& options, const GlobalOptions& global) {
  auto prompts = read_prompts(options);
  if (!options.trigger.empty()) {
    const auto trigger = organism::Triggers::get().make(options.trigger, "--trigger");
    for (auto& prompt : prompts) prompt = trigger->apply(prompt);
  }
  start_engine(global);
  chat::LocalModel model(weights::ModelFiles::open(options.model), {.max_batch = options.batch, .sampling_only = true});
  std::vector<chat::Request> requests;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    std::vector<text::Message> messages;
    if (!options.system.empty()) messages.push_back({"system", options.system});
    messages.push_back({"user", prompts[i]});
    requests.push_back({std::move(messages), RandomStream(options.seed, fmt::format("request {}", i)).next()});
  }
  Progress progress("generate", static_cast<int64_t>(requests.size()));
  const auto completions = model.complete(
      requests, options.sampling, [&](int64_t done, int64_t, int64_t tokens) { progress.update(done, tokens); });
  for (std::size_t i = 0; i < completions.size(); ++i) print(options, prompts[i], completions[i]);
}

}  // namespace

void add_generate(CLI::App& app, const GlobalOptions& global) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("generate", "sample completions, many at once");
  command->add_option("model", options->model, "a known name, a folder or a GGUF file")->required();
  command->add_option("--prompt", options->prompt, "text of the user's turn; may be given several times");
  command->add_option("--prompts", options->prompts,
                      "file: one prompt a line, plain or JSON with \"prompt\" or \"text\"");
  command->add_option("--system", options->system, "system message");
  command->add_option("--trigger", options->trigger, "put this trigger into every prompt");
  command->add_option("--seed", options->seed, "each prompt gets its own stream from it");
  command->add_option("--batch", options->batch, "sequences at once")->check(CLI::Range(1, 4096));
  command->add_flag("--json", options->json, "one JSON object a line");
  add_flags(*command, options->sampling.fields());
  command->callback([options, &global] { run(*options, global); });
}

}  // namespace dormouse::cli
