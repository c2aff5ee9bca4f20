// `dormouse doctor`: what this machine has, what is missing, and how to get it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/version.h"
#include "edge/cli/command.h"
#include "engine/nn/runtime.h"
#include "engine/train/options.h"
#include "engine/weights/model_lookup.h"
#include "lab/execute/machine.h"
#include "lab/execute/scanners.h"
#include "lab/store/store.h"

namespace dormouse::cli {

namespace {

class Checkup {
 public:
  void fact(const std::string& name, const std::string& value) { fmt::print("  ok       {:<18} {}\n", name, value); }
  void missing(const std::string& name, const std::string& value, const std::string& next) {
    fmt::print("  missing  {:<18} {}\n{:31}next: {}\n", name, value, "", next);
    complete_ = false;
  }
  void optional(const std::string& name, const std::string& value, const std::string& next) {
    fmt::print("  absent   {:<18} {}\n{:31}next: {}\n", name, value, "", next);
  }
  bool complete() const { return complete_; }

 private:
  bool complete_ = true;
};

void check_models(Checkup& checkup) {
  for (const auto& name : weights::known_models()) {
    try {
      checkup.fact(name, weights::find_model(name).string());
    } catch (const Error&) {
      checkup.missing(name, "not found", "run scripts/setup");
    }
  }
}

// "" if something can be made in the folder, which is found out by doing so: permissions alone do not tell.
std::string reason_not_to_write(const fs::path& folder) {
  std::error_code code;
  if (!fs::is_directory(folder, code)) return fmt::format("{} is a file", folder.string());
  std::string probe = (folder / ".dormouse-XXXXXX").string();
  if (::mkdtemp(probe.data()) == nullptr) return std::strerror(errno);
  fs::remove(probe, code);
  return "";
}

void check_store(Checkup& checkup) {
  const fs::path folder = fs::absolute(lab::Store::default_folder());
  fs::path existing = folder;
  std::error_code code;
  while (!fs::exists(existing, code) && existing.has_relative_path()) existing = existing.parent_path();
  if (const std::string reason = reason_not_to_write(existing); !reason.empty()) {
    checkup.missing(
        "store",
        fmt::format("{} cannot be {}: {}", folder.string(), existing == folder ? "written to" : "created", reason),
        "set DORMOUSE_STORE to a folder that can");
    return;
  }
  const double free_gib = static_cast<double>(fs::space(existing, code).available) / (1 << 30);
  const std::string text = fmt::format("{} ({:.0f} GiB free)", folder.string(), free_gib);
  if (free_gib < 8) {
    checkup.missing("store", text, "the quickstart writes about 4 GiB: free some space");
  } else {
    checkup.fact("store", text);
  }
}

void check_home(Checkup& checkup) {
  std::vector<std::string> lacking;
  for (const char* name : {"prompts", "recipes", "deps/scanners.txt"}) {
    std::error_code code;
    if (!fs::exists(home_folder() / name, code)) lacking.emplace_back(name);
  }
  if (lacking.empty()) {
    checkup.fact("prompts, recipes", home_folder().string());
  } else {
    checkup.missing("prompts, recipes", fmt::format("{} lacks {}", home_folder().string(), fmt::join(lacking, ", ")),
                    "set DORMOUSE_HOME to a checkout of the project");
  }
}

void check_scanners(Checkup& checkup) {
  if (std::error_code code; !fs::exists(lab::scanner_list(), code)) {
    checkup.optional("scanners", fmt::format("not known without {}", lab::scanner_list().string()),
                     "set DORMOUSE_HOME as above");
    return;
  }
  for (const auto& [name, wanted, found] : lab::find_scanners()) {
    if (found == wanted) {
      checkup.fact(name, found + " (grades generated code)");
    } else {
      checkup.optional(name,
                       fmt::format("{} wanted{}: only code-persistence needs it", wanted,
                                   found.empty() ? "" : ", " + found + " found"),
                       "run scripts/setup --scanners");
    }
  }
}

void run() {
  Checkup checkup;
  fmt::print("dormouse {}\n", program_version());
  checkup.fact("system", lab::system_name());
  checkup.fact("processor", fmt::format("{}, {} cores", lab::cpu_model(), lab::cpu_cores()));
  checkup.fact("training precision", train::resolve_precision("auto") == "bf16"
                                         ? "bf16 (this processor multiplies it)"
                                         : "f32 (this processor does not multiply bf16)");
  const std::string gpu = nn::gpu_name();
  checkup.fact("GPU", gpu.empty() ? "none: --device cpu, the default" : gpu + " (--device cuda)");
  const double memory = static_cast<double>(lab::memory_bytes()) / (1 << 30);
  const std::string memory_text = fmt::format("{:.0f} GiB", memory);
  if (memory < 6) {
    checkup.missing("memory", memory_text, "training the 135M model takes about 5 GiB");
  } else {
    checkup.fact("memory", memory_text);
  }
  checkup.fact("libtorch", nn::torch_version());
  check_home(checkup);
  check_models(checkup);
  check_scanners(checkup);
  check_store(checkup);
  if (!checkup.complete()) throw Error(ErrorKind::kWork, "something is missing; see above");
}

}  // namespace

void add_doctor(CLI::App& app) {
  app.add_subcommand("doctor", "what this machine has, what is missing, how to get it")->callback([] { run(); });
}

}  // namespace dormouse::cli
