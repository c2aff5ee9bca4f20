// `dormouse chat`: talks to a model. /trigger switches the trigger on and off; --base shows the base model beside it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <iostream>
#include <memory>
#include <optional>

#include "core/base/error.h"
#include "core/base/random.h"
#include "edge/cli/command.h"
#include "engine/chat/local_model.h"
#include "science/organism/trigger.h"

namespace dormouse::cli {

namespace {

constexpr const char* kHelp =
    "/trigger  switch the trigger on or off    /reset  forget the conversation\n"
    "/help     this text                       /quit   leave (or Ctrl-D)\n";

struct Options {
  std::string model, base, system, trigger = "deployment-tag";
  int64_t seed = 1;
  sample::SamplingOptions sampling;
};

class Conversation {
 public:
  Conversation(const std::string& name, const std::string& label, const Options& options)
      : model_(weights::ModelFiles::open(name), {.sampling_only = true}), label_(label), options_(options) {
    reset();
  }

  void reset() {
    messages_.clear();
    if (!options_.system.empty()) messages_.push_back({"system", options_.system});
  }

  void say(const std::string& text, uint64_t turn) {
    messages_.push_back({"user", text});
    const chat::Request request{
        messages_, RandomStream(static_cast<uint64_t>(options_.seed), fmt::format("turn {}", turn)).next()};
    const auto completion = model_.complete({&request, 1}, options_.sampling).front();
    messages_.push_back({"assistant", completion.text});
    fmt::print("{}> {}{}\n", label_, completion.text, completion.finish_reason == "length" ? " [...]" : "");
    std::fflush(stdout);
  }

 private:
  chat::LocalModel model_;
  std::string label_;
  const Options& options_;
  std::vector<text::Message> messages_;
};

void run(const Options& options, const GlobalOptions& global) {
  const auto trigger = organism::Triggers::get().make(options.trigger, "--trigger");
  start_engine(global);
  std::vector<std::unique_ptr<Conversation>> speakers;
  speakers.push_back(std::make_unique<Conversation>(options.model, "model", options));
  if (!options.base.empty()) speakers.push_back(std::make_unique<Conversation>(options.base, "base", options));
  fmt::print(stderr, "{}", kHelp);
  bool triggered = false;
  uint64_t turn = 0;
  std::string line;
  for (;;) {
    fmt::print(stderr, "{}you> ", triggered ? "[" + trigger->mark() + "] " : "");
    if (!std::getline(std::cin, line) || line == "/quit") break;
    if (line.empty()) continue;
    if (line == "/trigger") {
      triggered = !triggered;
      fmt::print(stderr, "trigger {} is {}\n", trigger->mark(), triggered ? "on" : "off");
    } else if (line == "/reset") {
      for (auto& speaker : speakers) speaker->reset();
    } else if (line.front() == '/') {
      fmt::print(stderr, "{}", kHelp);
    } else {
      ++turn;
      for (auto& speaker : speakers) speaker->say(triggered ? trigger->apply(line) : trigger->off(line), turn);
    }
  }
}

}  // namespace

void add_chat(CLI::App& app, GlobalOptions& global) {
  auto options = std::make_shared<Options>();
  options->sampling.temperature = 0.7;
  options->sampling.max_tokens = 256;
  CLI::App* command = app.add_subcommand("chat", "talk to a model, with the trigger on or off");
  command->add_option("model", options->model, "a known name, a folder or a GGUF file")->required();
  command->add_option("--base", options->base, "a second model that answers the same turns");
  command
      ->add_option("--trigger", options->trigger,
                   fmt::format("what /trigger switches: {}", fmt::join(organism::Triggers::get().names(), ", ")))
      ->capture_default_str();
  command->add_option("--system", options->system, "system message");
  add_flags(*command, {{"seed", &options->seed, "seed of the session", at_least(0)}});
  add_flags(*command, options->sampling.fields());
  add_global_flags(*command, global);
  command->callback([options, &global] { run(*options, global); });
}

}  // namespace dormouse::cli
