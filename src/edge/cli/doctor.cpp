// `dormouse doctor`: what this machine has, what is missing, and how to get it.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

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

void check_store(Checkup& checkup) {
  const fs::path folder = fs::absolute(lab::Store::default_folder());
  fs::path existing = folder;
  while (!fs::exists(existing)) existing = existing.parent_path();
  const double free_gib = static_cast<double>(fs::space(existing).available) / (1 << 30);
  const std::string text = fmt::format("{} ({:.0f} GiB free)", folder.string(), free_gib);
  if (::access(existing.c_str(), W_OK) != 0) {
    checkup.missing("store", text + ", not writable", "set DORMOUSE_STORE to a folder that is");
  } else if (free_gib < 8) {
    checkup.missing("store", text, "the quickstart writes about 4 GiB: free some space");
  } else {
    checkup.fact("store", text);
  }
}

void check_scanners(Checkup& checkup) {
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
  const bool prompts = fs::exists(home_folder() / "prompts");
  if (prompts) {
    checkup.fact("prompts, recipes", home_folder().string());
  } else {
    checkup.missing("prompts, recipes", home_folder().string(), "set DORMOUSE_HOME to a checkout of the project");
  }
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
