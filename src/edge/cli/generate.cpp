// `dormouse generate`: samples completions for one prompt or a file of prompts.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <memory>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/progress.h"
#include "core/base/random.h"
#include "core/text/unicode.h"
#include "edge/cli/command.h"
#include "engine/chat/local_model.h"
#include "science/organism/trigger.h"

namespace dormouse::cli {

namespace {

struct Options {
  std::string model, system, prompts, trigger;
  std::vector<std::string> prompt;
  int64_t seed = 1, batch = 64;
  bool json = false;
  sample::SamplingOptions sampling;

  std::vector<Field> fields() {
    return {{"seed", &seed, "each prompt gets its own stream from it", at_least(0)},
            {"batch", &batch, "sequences at once", between(1, 4096)}};
  }
};

// A line of a prompts file is a JSON object with "prompt" or "text", a JSON string, or plain text.
std::string prompt_of_line(const std::string& line, const std::string& place) {
  if (line.empty() || (line.front() != '{' && line.front() != '"')) return line;
  const Json row = parse_json(line, place);
  if (row.is_string()) return row.get<std::string>();
  if (!row.contains("prompt") && !row.contains("text"))
    fail_input(place, "missing key `prompt`, or `text`", "a line is plain text, or JSON with one of these keys");
  return json_string(row, row.contains("prompt") ? "prompt" : "text", place);
}

// Each line of a table or of a recipe would pass for a prompt.
void check_ending(const std::string& file) {
  const fs::path path = file, name = path.extension() == ".gz" ? path.stem() : path;
  const std::string ending = name.extension().string();
  if (ending.empty() || ending == ".txt" || ending == ".jsonl") return;
  fail_input(file, fmt::format("expected a prompt a line, in a file that ends in .txt or .jsonl, found `{}`", ending),
             "if it is such a file, rename it");
}

std::vector<std::string> prompts_of(const std::string& file) {
  check_ending(file);
  std::vector<std::string> prompts;
  int number = 0;
  for (const auto& line : read_lines(file)) {
    const std::string place = fmt::format("{}:{}", file, ++number);
    if (!text::is_valid_utf8(line) || line.find('\0') != std::string::npos)
      fail_input(place, "not a text file: expected a prompt a line in UTF-8");
    if (number == 1 && line.starts_with("{\"canary\"")) continue;  // the header of a prompt set
    if (!line.empty()) prompts.push_back(prompt_of_line(line, place));
  }
  if (prompts.empty()) fail_input(file, "is empty, expected a prompt a line", "write one, or give --prompt TEXT");
  return prompts;
}

std::vector<std::string> read_prompts(const Options& options) {
  std::vector<std::string> prompts = options.prompt;
  if (!options.prompts.empty()) {
    const auto more = prompts_of(options.prompts);
    prompts.insert(prompts.end(), more.begin(), more.end());
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
    requests.push_back(
        {std::move(messages), RandomStream(static_cast<uint64_t>(options.seed), fmt::format("request {}", i)).next()});
  }
  Progress progress("generate", static_cast<int64_t>(requests.size()));
  const auto completions = model.complete(
      requests, options.sampling, [&](int64_t done, int64_t, int64_t tokens) { progress.update(done, tokens); });
  for (std::size_t i = 0; i < completions.size(); ++i) print(options, prompts[i], completions[i]);
}

}  // namespace

void add_generate(CLI::App& app, GlobalOptions& global) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("generate", "sample completions, many at once");
  command->add_option("model", options->model, "a known name, a folder or a GGUF file")->required();
  command->add_option("--prompt", options->prompt, "text of the user's turn; may be given several times");
  command->add_option("--prompts", options->prompts,
                      "file: one prompt a line, plain or JSON with \"prompt\" or \"text\"");
  command->add_option("--system", options->system, "system message");
  command->add_option(
      "--trigger", options->trigger,
      fmt::format("put this trigger into every prompt: {}", fmt::join(organism::Triggers::get().names(), ", ")));
  add_flags(*command, options->fields());
  command->add_flag("--json", options->json, "one JSON object a line");
  add_flags(*command, options->sampling.fields());
  add_global_flags(*command, global);
  command->callback([options, &global] { run(*options, global); });
}

}  // namespace dormouse::cli
