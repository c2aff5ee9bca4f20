// The store that a command is about.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "core/base/files.h"
#include "lab/store/ledger.h"
#include "lab/store/store.h"

namespace dormouse::cli {

void add_store_flag(CLI::App& command, std::string& folder);

/// `folder` if given, else the default.
fs::path store_folder(const std::string& folder);

/// Store and ledger of a command that only reads: they are made by those that write.
struct ReadStore {
  lab::Store store;
  lab::Ledger ledger;
};
/// Throws kInput if there is no store.
ReadStore store_to_read(const std::string& folder);
/// The same for a plan: where there is no store everything is to do, and the log says so.
ReadStore store_to_plan(const std::string& folder);

}  // namespace dormouse::cli
