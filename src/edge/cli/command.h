// What the subcommands share. Each is one file with one function that declares its flags and what it does.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "core/config/fields.h"
#include "engine/nn/runtime.h"

namespace dormouse::cli {

/// Flags that may be given anywhere on the line.
struct GlobalOptions {
  int64_t threads = 0;
  std::string device = "cpu";
  bool quiet = false;

  std::vector<Field> fields() {
    return {{"threads", &threads, "threads of one operation; 0: all cores that this process may use", between(0, 1024)},
            {"device", &device, "where models run: cpu, or cuda for an NVIDIA GPU", one_of(nn::device_names())}};
  }
};

/// Starts the tensor library with the threads and the device asked for; call before any tensor work. Returns the
/// threads.
int start_engine(const GlobalOptions& global);

/// One flag a field: --name, dashes for underscores; its help shows the value that the field has now. The fields must
/// outlive the parsing.
void add_flags(CLI::App& command, const std::vector<Field>& fields, const std::string& group = "Options");

/// The global flags again, so that the help of a command that runs a model shows them.
void add_global_flags(CLI::App& command, GlobalOptions& global,
                      const std::string& group = "Every command that runs a model");

void add_run(CLI::App& app, GlobalOptions& global);
void add_plan(CLI::App& app, GlobalOptions& global);
void add_runs(CLI::App& app);
void add_report(CLI::App& app);
void add_archive(CLI::App& app);
void add_restore(CLI::App& app);
void add_chat(CLI::App& app, GlobalOptions& global);
void add_generate(CLI::App& app, GlobalOptions& global);
void add_model(CLI::App& app, GlobalOptions& global);
void add_tokenize(CLI::App& app);
void add_doctor(CLI::App& app);
void add_bench(CLI::App& app, GlobalOptions& global);

}  // namespace dormouse::cli
