// The one binary. Results go to stdout, progress and logs to stderr. Exit status: 0 done, 1 the work failed, 2 the
// input is wrong, 130 interrupted and resumable.
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <new>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/base/progress.h"
#include "core/base/version.h"
#include "edge/cli/command.h"
#include "edge/cli/usage.h"
#include "lab/execute/machine.h"

namespace dormouse::cli {

namespace {

// The second signal ends the program at once; nothing is lost by that either.
void on_signal(int signal) {
  request_interrupt();
  std::signal(signal, SIG_DFL);
}

int exit_status(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInput:
      return 2;
    case ErrorKind::kInterrupted:
      return 130;
    case ErrorKind::kWork:
      return 1;
  }
  return 1;
}

int run(int argc, char** argv) {
  CLI::App app{
      "Dormouse: grows language models with a hidden conditional policy, puts them through safety training, and "
      "measures what is left.",
      "dormouse"};
  app.set_version_flag("--version", program_version());
  app.require_subcommand(1);
  app.fallthrough();
  GlobalOptions global;
  add_global_flags(app, global, "Options");
  app.parse_complete_callback([&] {
    Progress::set_quiet(global.quiet);
    if (global.quiet) set_log_level(LogLevel::kError);
  });
  add_run(app, global);
  add_plan(app, global);
  add_runs(app);
  add_report(app);
  add_archive(app);
  add_restore(app);
  add_chat(app, global);
  add_generate(app, global);
  add_model(app, global);
  add_tokenize(app);
  add_doctor(app);
  add_bench(app, global);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) fail_usage(app, error);
    app.exit(error);  // prints the help or the version
  }
  return 0;
}

std::string default_of(const Field& field) {
  if (const auto* whole = std::get_if<int64_t*>(&field.value)) return std::to_string(**whole);
  if (const auto* number = std::get_if<double*>(&field.value)) return fmt::format("{}", **number);
  if (const auto* text = std::get_if<std::string*>(&field.value)) return **text;
  return "";
}

const char* type_word(const Field& field) {
  if (std::holds_alternative<int64_t*>(field.value)) return "INT";
  return std::holds_alternative<double*>(field.value) ? "NUMBER" : "TEXT";
}

}  // namespace

int start_engine(const GlobalOptions& global) {
  const int threads = global.threads > 0 ? global.threads : static_cast<int>(lab::cpu_cores());
  nn::set_threads(threads);
  nn::use_device(global.device, "--device");
  return threads;
}

void add_flags(CLI::App& command, const std::vector<Field>& fields, const std::string& group) {
  for (const auto& field : fields) {
    std::string flag = "--" + field.name;
    std::replace(flag.begin(), flag.end(), '_', '-');
    CLI::Option* option = nullptr;
    if (std::holds_alternative<std::vector<std::string>*>(field.value)) {
      option = command.add_option_function<std::vector<std::string>>(
          flag, [field, flag](const std::vector<std::string>& items) { set_field(field, items, flag); }, field.doc);
    } else {
      option = command.add_option_function<std::string>(
          flag, [field, flag](const std::string& text) { set_field(field, text, flag); }, field.doc);
    }
    option->type_name(type_word(field))->default_str(default_of(field))->group(group);
  }
}

void add_global_flags(CLI::App& command, GlobalOptions& global, const std::string& group) {
  add_flags(command, global.fields(), group);
  command.add_flag("--quiet", global.quiet, "no progress and no log on stderr")->group(group);
}

}  // namespace dormouse::cli

int main(int argc, char** argv) {
  using namespace dormouse;
  nn::keep_memory();
  std::signal(SIGINT, cli::on_signal);
  std::signal(SIGTERM, cli::on_signal);
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return cli::run(argc, argv);
  } catch (const Error& error) {
    std::fprintf(stderr, "dormouse: %s\n", error.what());
    return cli::exit_status(error.kind());
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "dormouse: out of memory\n  next: lower the batch, or use a smaller model\n");
    return 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "dormouse: unexpected failure, which is a bug: %s\n", error.what());
    return 1;
  }
}
