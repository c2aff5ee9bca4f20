// Runs another program, without a shell.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/base/files.h"

namespace dormouse::lab {

struct Command {
  std::vector<std::string> words;                       // the program, by its path or found on PATH, and its arguments
  std::map<std::string, std::string> environment = {};  // on top of this process's own
  fs::path output, errors;                              // files that stdout and stderr go to; both are written anew
};

/// Waits for the end and returns the exit status. Throws kWork if the program cannot be started or dies of a signal,
/// and kInterrupted, after ending it, when this process is interrupted.
int run_process(const Command& command);

}  // namespace dormouse::lab
