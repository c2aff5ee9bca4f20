#include "lab/execute/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/base/error.h"
#include "core/base/progress.h"

extern char** environ;

namespace dormouse::lab {

namespace {

std::vector<std::string> environment_of(const Command& command) {
  std::vector<std::string> lines;
  for (char** line = environ; *line != nullptr; ++line) {
    const std::string text = *line;
    if (!command.environment.contains(text.substr(0, text.find('=')))) lines.push_back(text);
  }
  for (const auto& [name, value] : command.environment) lines.push_back(name + "=" + value);
  return lines;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (auto& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

pid_t spawn(const Command& command) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, command.output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, command.errors.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  auto words = command.words, environment = environment_of(command);
  pid_t child = 0;
  const int failed =
      ::posix_spawnp(&child, words[0].c_str(), &files, nullptr, pointers(words).data(), pointers(environment).data());
  posix_spawn_file_actions_destroy(&files);
  if (failed != 0) fail_work(command.words[0], fmt::format("cannot be started: {}", std::strerror(failed)));
  return child;
}

// Ends the child if waiting for it ends early.
struct Child {
  pid_t id;
  bool ended = false;
  ~Child() {
    if (ended) return;
    ::kill(id, SIGTERM);
    ::waitpid(id, nullptr, 0);
  }
};

}  // namespace

int run_process(const Command& command) {
  DORMOUSE_ASSERT(!command.words.empty());
  Child child{spawn(command)};
  int status = 0;
  pid_t ended = 0;
  while ((ended = ::waitpid(child.id, &status, WNOHANG)) == 0) {
    check_interrupt();
    ::usleep(20'000);
  }
  child.ended = true;
  if (ended < 0) fail_work(command.words[0], fmt::format("its end was missed: {}", std::strerror(errno)));
  if (WIFSIGNALED(status)) fail_work(command.words[0], fmt::format("was ended by signal {}", WTERMSIG(status)));
  return WEXITSTATUS(status);
}

}  // namespace dormouse::lab
