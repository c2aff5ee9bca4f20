// The ledger: one SQLite database that remembers every run, its stages, measurements and events. Rows are
// only added or brought up to date, never removed. Several processes may write at once (WAL, busy timeout).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/files.h"
#include "core/base/json.h"
#include "science/measure/rows.h"

namespace dormouse::lab {

struct RunRow {
  std::string id;  // "20260131-145959-3fa2c1", UTC
  std::string recipe;
  std::string recipe_file;
  std::string resolved_yaml;
  Json facts = Json::object();        // what the kinds say about the recipe's models, see recipe_facts
  int64_t started = 0, finished = 0;  // unix seconds; finished is 0 while it runs
  std::string status;                 // running, done, failed, interrupted, killed
  std::string cpu, os, host;
  int64_t cores = 0;
  int64_t memory_bytes = 0;
  int64_t pid = 0;
  int64_t threads = 0;
  std::string version, torch_version;
  std::string revision;  // git, "" if unknown
  std::vector<std::string> argv;
};

struct StageRow {
  std::string node;  // id
  std::string hash;
  std::string kind;
  std::string speed_class;
  int64_t seed = 0;
  std::string status;   // planned, stored, running, done, failed, skipped
  int64_t started = 0;  // unix seconds, 0 before
  double seconds = 0;   // of the execution that made it, also when it was found in the store
  bool resumed = false;
  Json counters = Json::object();
  Json uses = Json::array();  // who asked for it, see uses_to_json
};

struct EventRow {
  int64_t time = 0;   // unix seconds
  std::string level;  // info, warning, error
  std::string message;
};

/// What earlier runs say about the cost of a kind of node on one machine.
struct Rate {
  int64_t stages = 0;            // how many it is based on
  double tokens_per_second = 0;  // 0 if they counted no tokens
  double seconds = 0;            // mean of a stage
};

class Ledger {
 public:
  /// Creates or migrates. Throws kInput if it is not a ledger, kWork if it was written by a newer program.
  explicit Ledger(const fs::path& file);
  /// To read alone: makes no file; where there is none, no run is known.
  static Ledger to_read(const fs::path& file);
  ~Ledger();
  Ledger(Ledger&&) noexcept;

  /// Fills in id, started and status; returns the id.
  std::string start_run(RunRow row);
  void finish_run(const std::string& run, const std::string& status);
  /// Adds the row of (run, node) or replaces it.
  void put_stage(const std::string& run, const StageRow& row);
  void put_stages(const std::string& run, const std::vector<StageRow>& rows);
  void add_measurements(const std::string& run, const std::string& node, const std::vector<measure::Measurement>& rows);
  void add_event(const std::string& run, const std::string& level, const std::string& message);

  /// Newest first.
  std::vector<RunRow> list_runs() const;
  /// By id, unique prefix of an id, or "latest". Throws kInput naming what there is.
  RunRow find_run(const std::string& name) const;
  std::vector<StageRow> stages(const std::string& run) const;
  std::vector<measure::Measurement> measurements(const std::string& run) const;
  std::vector<EventRow> events(const std::string& run) const;

  /// From the latest undisturbed stages of this kind, class, processor and thread count.
  Rate rate(const std::string& kind, const std::string& speed_class, const std::string& cpu, int64_t threads) const;

 private:
  struct Database;
  std::unique_ptr<Database> database_;
};

int64_t unix_now();

}  // namespace dormouse::lab
