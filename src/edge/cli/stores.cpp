#include "edge/cli/stores.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/log.h"

namespace dormouse::cli {

namespace {

ReadStore read_store(const std::string& folder) {
  auto store = lab::Store::to_read(store_folder(folder));
  auto ledger = lab::Ledger::to_read(store.ledger_file());
  return {std::move(store), std::move(ledger)};
}

}  // namespace

void add_store_flag(CLI::App& command, std::string& folder) {
  command.add_option("--store", folder, "folder of artefacts and ledger; default: $DORMOUSE_STORE, else ./store");
}

fs::path store_folder(const std::string& folder) {
  return folder.empty() ? lab::Store::default_folder() : fs::path(folder);
}

ReadStore store_to_read(const std::string& folder) {
  ReadStore found = read_store(folder);
  if (!found.store.exists()) {
    fail_input(found.store.folder().string(), "there is no store",
               "name one with --store or DORMOUSE_STORE; dormouse run RECIPE makes one");
  }
  return found;
}

ReadStore store_to_plan(const std::string& folder) {
  ReadStore found = read_store(folder);
  if (!found.store.exists())
    log_info("plan", fmt::format("there is no store at {} yet: everything is to do", found.store.folder().string()));
  return found;
}

}  // namespace dormouse::cli
