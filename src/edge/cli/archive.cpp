// `dormouse archive` and `restore`: a run's results in one file that fits into a repository, and back into a store.
#include "lab/store/archive.h"

#include <fmt/format.h>

#include <memory>

#include "core/base/error.h"
#include "core/base/log.h"
#include "edge/cli/command.h"
#include "edge/cli/stores.h"
#include "lab/execute/artefacts.h"

namespace dormouse::cli {

namespace {

struct Options {
  std::string run = "latest", file, store;
};

// Before the work of packing.
void check_target(const fs::path& file) {
  std::error_code code;
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  if (fs::is_directory(file, code))
    fail_input(file.string(), "is a folder, expected a file to write", "name one in it, such as results.jsonl.gz");
  if (!fs::is_directory(folder, code))
    fail_input(file.string(), fmt::format("there is no folder {} to write it into", folder.string()),
               "make the folder, or name a file elsewhere");
}

void archive(const Options& options) {
  check_target(options.file);
  const auto [store, ledger] = store_to_read(options.store);
  std::vector<std::string> hashes;
  for (const auto& stage : ledger.stages(ledger.find_run(options.run).id)) hashes.push_back(stage.hash);
  const auto count = lab::write_archive(store, hashes, lab::is_for_reports, options.file);
  log_info("archive", fmt::format("{} of {} stages", count.objects, hashes.size()));
  fmt::print("{}\n", options.file);
}

void restore(const Options& options) {
  lab::Store store(store_folder(options.store));
  const auto count = lab::read_archive(options.file, store);
  fmt::print("{} stages restored, {} were there\n", count.objects, count.present);
}

CLI::App* add_command(CLI::App& app, const char* name, const char* doc, Options& options) {
  CLI::App* command = app.add_subcommand(name, doc);
  command->add_option("file", options.file, "such as results.jsonl.gz")->required();
  add_store_flag(*command, options.store);
  return command;
}

}  // namespace

void add_archive(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = add_command(
      app, "archive", "pack a run's results into one file: all that its report reads, no weights", *options);
  command->add_option("--run", options->run, "id, beginning of an id, or latest")->capture_default_str();
  command->callback([options] { archive(*options); });
}

void add_restore(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = add_command(
      app, "restore", "take an archive's results into the store; `run` then makes what is missing", *options);
  command->callback([options] { restore(*options); });
}

}  // namespace dormouse::cli
