#include "edge/cli/usage.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/base/error.h"

namespace dormouse::cli {

namespace {

const CLI::App& innermost(const CLI::App& app) {
  const auto given = app.get_subcommands();
  return given.empty() ? app : innermost(*given.back());
}

// "bench sft"; "" for the program itself.
std::string full_name(const CLI::App& command) {
  if (command.get_parent() == nullptr) return "";
  const std::string outer = full_name(*command.get_parent());
  return outer.empty() ? command.get_name() : outer + " " + command.get_name();
}

std::vector<std::string> commands_of(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::App* one : command.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(one->get_name());
  return names;
}

// Its own, and those that the commands around it take.
std::vector<std::string> flags_of(const CLI::App& command) {
  std::vector<std::string> flags;
  for (const CLI::App* one = &command; one != nullptr; one = one->get_parent()) {
    for (const CLI::Option* option : one->get_options()) {
      for (const auto& name : option->get_lnames()) {
        const std::string flag = "--" + name;
        if (std::find(flags.begin(), flags.end(), flag) == flags.end()) flags.push_back(flag);
      }
    }
  }
  return flags;
}

[[noreturn]] void fail_left_over(const CLI::App& command, const std::string& word, const std::string& next) {
  const std::string place = full_name(command);
  const auto commands = commands_of(command);
  if (word.size() > 1 && word.front() == '-')
    fail_input(place, unknown_name("option", word.substr(0, word.find('=')), flags_of(command)), next);
  if (!commands.empty()) fail_input(place, unknown_name("command", word, commands), next);
  fail_input(place, fmt::format("unexpected argument `{}`", word), "put quotes around text with spaces; " + next);
}

}  // namespace

void fail_usage(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& command = innermost(app);
  const std::string place = full_name(command);
  const std::string next = fmt::format("see dormouse {}{}--help", place, place.empty() ? "" : " ");
  const auto is = [&](CLI::ExitCodes code) { return error.get_exit_code() == static_cast<int>(code); };
  const bool lacks_something = is(CLI::ExitCodes::RequiredError);
  // A name that nothing took says more than what is missing for lack of it.
  if (lacks_something || is(CLI::ExitCodes::ExtrasError)) {
    for (const auto& word : app.remaining(/*recurse=*/true)) {
      if (word != "--") fail_left_over(command, word, next);
    }
  }
  const auto commands = commands_of(command);
  if (lacks_something && !commands.empty())
    fail_input(place, fmt::format("expected a command; known: {}", fmt::join(commands, ", ")), next);
  fail_input(place, error.what(), next);
}

}  // namespace dormouse::cli
