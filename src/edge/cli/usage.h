// What a wrong command line is told.
#pragma once

#include <CLI/CLI.hpp>

namespace dormouse::cli {

/// Throws kInput: the command, what is wrong with its line, the nearest and all known names.
[[noreturn]] void fail_usage(const CLI::App& app, const CLI::ParseError& error);

}  // namespace dormouse::cli
