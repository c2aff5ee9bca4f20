// What the subcommands share. Each is one file with one function that declares its flags and what it does.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "core/config/fields.h"
#include "engine/nn/runtime.h"

namespace dormouse::cli {

/// Flags before the subcommand's own, given anywhere on the line.
struct GlobalOptions {
  int threads = 0;  // 0: all cores this process may use
  std::string device = "cpu";
  bool quiet = false;

  std::vector<Field> fields() {
    return {{"device", &device, "where models run: cpu, or cuda for an NVIDIA GPU", one_of(nn::device_names())}};
  }
};

/// Starts the tensor library with the threads and the device asked for; call before any tensor work. Returns the
/// threads.
int start_engine(const GlobalOptions& global);

/// One flag a field: --name, dashes for underscores. The fields must outlive the parsing.
void add_flags(CLI::App& command, const std::vector<Field>& fields);

void add_run(CLI::App& app, const GlobalOptions& global);
void add_plan(CLI::App& app, const GlobalOptions& global);
void add_runs(CLI::App& app);
void add_report(CLI::App& app);
void add_archive(CLI::App& app);
void add_restore(CLI::App& app);
void add_chat(CLI::App& app, const GlobalOptions& global);
void add_generate(CLI::App& app, const GlobalOptions& global);
void add_model(CLI::App& app, const GlobalOptions& global);
void add_tokenize(CLI::App& app);
void add_doctor(CLI::App& app);
void add_bench(CLI::App& app, const GlobalOptions& global);

}  // namespace dormouse::cli
