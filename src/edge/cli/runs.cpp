// `dormouse run`, `plan`, `runs` and `report`: recipes and what became of them.
#include "edge/cli/runs.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/log.h"
#include "core/base/version.h"
#include "edge/cli/command.h"
#include "edge/cli/stores.h"
#include "engine/nn/runtime.h"
#include "engine/weights/hub_models.h"
#include "engine/weights/model_lookup.h"
#include "lab/execute/gpu_hours.h"
#include "lab/execute/machine.h"
#include "lab/execute/run.h"
#include "lab/report/collect.h"
#include "lab/report/report.h"
#include "lab/report/rule.h"
#include "lab/report/rules.h"
#include "science/organism/near_duplicates.h"

namespace dormouse::cli {

namespace {

struct Options {
  std::string recipe, out, store, run = "latest", gpu_hours;
  std::vector<std::string> sets;
  bool json = false, keep_going = false, drop_weights = false, stored_only = false;
};

std::string purpose_of(const lab::Recipe& recipe, const std::string& entry) {
  for (const auto& stage : recipe.stages) {
    if (stage.name == entry) return stage.kind->purpose();
  }
  return "measure";
}

// Train, defence, calibration and test prompts never overlap, near-duplicates included; nor do code tasks, whose
// near-duplicates tests/rules looks for.
void check_prompts_apart(const LoadedRecipe& loaded, const std::string& file) {
  std::vector<organism::PromptSet> sets;
  std::map<std::string, std::string> purposes;  // SHA-256 of a set -> what it is for
  for (const auto& node : loaded.graph.nodes) {
    for (const std::string role : {"prompts", "tasks"}) {
      const auto found = node.files.find(role);
      if (found == node.files.end()) continue;
      for (const auto& use : node.uses) {
        const std::string purpose = purpose_of(loaded.recipe, use.stage);
        const auto [known, is_new] = purposes.emplace(found->second.sha256, purpose);
        if (is_new && role == "prompts" && !found->second.absent)
          sets.push_back(organism::load_prompt_set(found->second.path));
        if (known->second == purpose) continue;
        fail_input(file,
                   fmt::format("the {} of {} are used both to {} and to {}", role, found->second.path.string(),
                               known->second, purpose),
                   "give each purpose a set of its own");
      }
    }
  }
  organism::check_splits_apart(sets, file);
}

std::string gpu_in_use() { return nn::device() == "cuda" ? nn::gpu_name() : ""; }

std::vector<std::string> known_scorecards() {
  const fs::path folder = home_folder() / "recipes" / "scorecards";
  std::vector<std::string> names;
  std::error_code code;
  for (const auto& entry : fs::recursive_directory_iterator(folder, code)) {
    if (entry.path().extension() != ".yaml") continue;
    names.push_back(entry.path().lexically_relative(folder).replace_extension().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// A scorecard with a mistake in it is refused before the work, not after.
void check_scorecard(const lab::Recipe& recipe) {
  const std::string& name = recipe.report.scorecard;
  if (name.empty()) return;
  const std::string& place = recipe.report_places.at("scorecard");
  const auto known = known_scorecards();
  if (std::find(known.begin(), known.end(), name) == known.end())
    fail_input(place, unknown_name("scorecard", name, known), "recipes/scorecards/README.md says how to write one");
  lab::read_rules(lab::find_scorecard(name, place));
}

std::vector<std::string> command_line(const Options& options) {
  std::vector<std::string> words = {"dormouse", "run", options.recipe};
  for (const std::string& set : options.sets) words.insert(words.end(), {"--set", set});
  return words;
}

void run(const Options& options, const GlobalOptions& global) {
  const int threads = start_engine(global);  // first: the device decides what `precision: auto` stands for
  const LoadedRecipe loaded = load(options.recipe, options.sets);
  lab::Store store(store_folder(options.store));
  lab::Ledger ledger(store.ledger_file());
  lab::LogReporter reporter;
  const std::string id = lab::run_graph(loaded.recipe, loaded.graph, store, ledger,
                                        {.threads = threads,
                                         .gpu = gpu_in_use(),
                                         .keep_going = options.keep_going,
                                         .drop_weights = options.drop_weights,
                                         .stored_only = options.stored_only,
                                         .torch_version = nn::torch_version(),
                                         .argv = command_line(options)},
                                        reporter);
  fmt::print("{}\n", write_run_report(id, store, ledger, options.out).string());
}

void plan(const Options& options, const GlobalOptions& global) {
  const int threads = start_engine(global);
  const LoadedRecipe loaded = load(options.recipe, options.sets);
  const auto [store, ledger] = store_to_plan(options.store);
  lab::Plan made = lab::make_plan(loaded.graph, store, ledger, threads, gpu_in_use());
  if (!options.gpu_hours.empty()) {
    lab::add_gpu_hours(made, loaded.graph, {.gpu = options.gpu_hours});
  } else if (!made.absent.empty()) {
    lab::add_gpu_hours(made, loaded.graph, {});  // planned here, to be run elsewhere
  }
  fmt::print("{}", options.json ? lab::plan_json_lines(made) : lab::plan_table(made));
  try {
    lab::check_memory(made, lab::memory_bytes(), options.recipe);
  } catch (const Error& error) {
    log_warning("plan", error.what());  // a plan may be for another machine; `run` refuses
  }
}

void list(const Options& options) {
  const auto [store, ledger] = store_to_read(options.store);
  const auto runs = ledger.list_runs();
  if (runs.empty()) log_info("runs", fmt::format("there is no run in {} yet", store.folder().string()));
  for (const auto& row : runs) {
    if (options.json) {
      fmt::print("{}\n", canonical_json({{"id", row.id},
                                         {"recipe", row.recipe},
                                         {"status", row.status},
                                         {"started", row.started},
                                         {"finished", row.finished}}));
    } else {
      fmt::print("{}  {:<12}  {:%Y-%m-%d %H:%M:%S}  {}\n", row.id, row.status, fmt::gmtime(row.started), row.recipe);
    }
  }
}

void report(const Options& options) {
  const auto [store, ledger] = store_to_read(options.store);
  fmt::print("{}\n", write_run_report(options.run, store, ledger, options.out).string());
}

void add_recipe(CLI::App* command, Options& options) {
  command->add_option("recipe", options.recipe, "a YAML file")->required();
  command->add_option("--set", options.sets, "change a value: stages.organism.plant.epochs=3")->allow_extra_args(false);
}

// Every model that the run made, under the recipe's name for it: organism, or with several seeds organism-seed-2.
std::map<std::string, fs::path> models_of(const std::string& run, const lab::Store& store, const lab::Ledger& ledger) {
  std::map<std::string, std::map<int64_t, fs::path>> found;
  for (const auto& stage : ledger.stages(run)) {
    const fs::path model = store.object(stage.hash) / "model";
    if (!fs::exists(model)) continue;
    const auto manifest = store.find(stage.hash);
    if (!manifest || !lab::is_whole(*manifest)) continue;
    for (const auto& use : lab::uses_from_json(stage.uses, stage.node)) {
      if (use.output) found[use.stage][use.seed] = model;
    }
  }
  std::map<std::string, fs::path> named;
  for (const auto& [name, by_seed] : found) {
    for (const auto& [seed, model] : by_seed) {
      named[by_seed.size() == 1 ? name : fmt::format("{}-seed-{}", name, seed)] = model;
    }
  }
  return named;
}

// Links to the models beside the report, so that people need not know the store's hashes.
void link_models(const fs::path& folder, const std::map<std::string, fs::path>& models) {
  if (models.empty() && !fs::exists(folder)) return;
  make_folders(folder);
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_symlink()) fs::remove(entry.path());  // an earlier report's: the model may be gone
  }
  for (const auto& [name, model] : models) {
    const fs::path link = folder / name;
    if (fs::exists(link)) continue;  // not ours
    fs::create_directory_symlink(fs::absolute(model), link);
    log_info("run", link.string());
  }
}

lab::FoundModel find_hub_model(const std::string& source, const std::string& place) {
  const std::string name = source.substr(4);  // behind "hub:"
  if (const auto folder = weights::downloaded_model(name, place)) return {*folder};
  auto [shape, refused] = weights::shape_of_hub_model(name, place);
  return {{}, lab::Absent{source, place, weights::download_command(name), shape, refused}};
}

}  // namespace

LoadedRecipe load(const std::string& file, const std::vector<std::string>& sets) {
  LoadedRecipe loaded{lab::load_recipe(file, sets), {}};
  lab::Sources sources = lab::default_sources(file);
  const auto find_path = sources.find_model;
  sources.find_model = [find_path](const std::string& source, const std::string& place) -> lab::FoundModel {
    const auto& known = weights::known_models();
    const bool is_known = std::find(known.begin(), known.end(), source) != known.end();
    if (source.starts_with("hub:")) return find_hub_model(source, place);
    if (is_known) return {weights::find_model(source)};
    return find_path(source, place);
  };
  check_scorecard(loaded.recipe);
  loaded.graph = lab::build_graph(loaded.recipe, sources);
  check_prompts_apart(loaded, file);
  return loaded;
}

fs::path write_run_report(const std::string& run, const lab::Store& store, const lab::Ledger& ledger, fs::path out) {
  lab::RunRecord record = lab::collect(run, store, ledger);
  const Json facts = ledger.find_run(record.run_id).facts;
  const std::string scorecard = facts.value("scorecard", "");
  if (!scorecard.empty()) record.scorecard = lab::judge(record, lab::find_scorecard(scorecard, "scorecard"));
  if (out.empty()) out = fs::path("runs") / record.run_id;
  lab::write_report(record, out);
  link_models(out / "models", models_of(record.run_id, store, ledger));
  return out / "report.html";
}

void add_run(CLI::App& app, GlobalOptions& global) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("run", "execute a recipe: what is not in the store, then the report");
  add_recipe(command, *options);
  add_store_flag(*command, options->store);
  command->add_option("--out", options->out, "folder of the report; default: runs/ID");
  command->add_flag("--keep-going", options->keep_going, "after a failure, do what does not depend on it");
  command->add_flag(
      "--drop-weights", options->drop_weights,
      "remove each model from the store once all that this run makes from it is there; it is made again when needed");
  command->add_flag("--stored-only", options->stored_only, "make nothing: report on what the store has of the recipe");
  add_global_flags(*command, global);
  command->callback([options, &global] { run(*options, global); });
}

void add_plan(CLI::App& app, GlobalOptions& global) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("plan", "show the stages of a recipe, what is stored, and the expected time");
  add_recipe(command, *options);
  add_store_flag(*command, options->store);
  command->add_option("--gpu-hours", options->gpu_hours,
                      "estimate hours on this GPU, such as H100 or A100; by itself on H100 where a model is not here");
  command->add_flag("--json", options->json, "one JSON object a stage");
  add_global_flags(*command, global);
  command->callback([options, &global] { plan(*options, global); });
}

void add_runs(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("runs", "list the runs in the ledger, newest first");
  add_store_flag(*command, options->store);
  command->add_flag("--json", options->json, "one JSON object a run");
  command->callback([options] { list(*options); });
}

void add_report(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("report", "write a run's report again");
  command->add_option("run", options->run, "id, beginning of an id, or latest")->capture_default_str();
  add_store_flag(*command, options->store);
  command->add_option("--out", options->out, "folder of the report; default: runs/ID");
  command->callback([options] { report(*options); });
}

}  // namespace dormouse::cli
