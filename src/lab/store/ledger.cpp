#include "lab/store/ledger.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <random>

#include "core/base/error.h"
#include "lab/store/sqlite.h"

namespace dormouse::lab {

namespace {

constexpr int64_t kSchemaVersion = 1;

// Measurement columns have the names of the struct; see science/measure/rows.h.
constexpr const char* kSchema = R"sql(
CREATE TABLE runs(
  id TEXT PRIMARY KEY, recipe TEXT NOT NULL, recipe_file TEXT NOT NULL, resolved_yaml TEXT NOT NULL,
  facts TEXT NOT NULL, started INTEGER NOT NULL, finished INTEGER NOT NULL, status TEXT NOT NULL,
  cpu TEXT NOT NULL, os TEXT NOT NULL, host TEXT NOT NULL, cores INTEGER NOT NULL, memory_bytes INTEGER NOT NULL,
  pid INTEGER NOT NULL, threads INTEGER NOT NULL, version TEXT NOT NULL, torch_version TEXT NOT NULL,
  revision TEXT NOT NULL, argv TEXT NOT NULL);
CREATE TABLE stages(
  run TEXT NOT NULL REFERENCES runs(id), position INTEGER NOT NULL, node TEXT NOT NULL, hash TEXT NOT NULL,
  kind TEXT NOT NULL, speed_class TEXT NOT NULL, seed INTEGER NOT NULL, status TEXT NOT NULL,
  started INTEGER NOT NULL, seconds REAL NOT NULL, resumed INTEGER NOT NULL, counters TEXT NOT NULL,
  uses TEXT NOT NULL,
  PRIMARY KEY(run, node));
CREATE INDEX stages_by_kind ON stages(kind, speed_class, status);
CREATE TABLE measurements(
  run TEXT NOT NULL, node TEXT NOT NULL, name TEXT NOT NULL, model TEXT NOT NULL, trigger_name TEXT NOT NULL,
  n INTEGER NOT NULL, unscored INTEGER NOT NULL, value REAL, low REAL, high REAL, seed INTEGER NOT NULL,
  step INTEGER NOT NULL, stage TEXT NOT NULL, FOREIGN KEY(run, node) REFERENCES stages(run, node));
CREATE INDEX measurements_by_run ON measurements(run);
CREATE TABLE events(
  run TEXT NOT NULL REFERENCES runs(id), time INTEGER NOT NULL, level TEXT NOT NULL, message TEXT NOT NULL);
CREATE INDEX events_by_run ON events(run);
)sql";

constexpr const char* kRunColumns =
    "id, recipe, recipe_file, resolved_yaml, facts, started, finished, status, cpu, os, host, cores, memory_bytes, "
    "pid, threads, version, torch_version, revision, argv";

std::string new_run_id(int64_t now) {
  std::random_device random;
  return fmt::format("{:%Y%m%d-%H%M%S}-{:06x}", fmt::gmtime(static_cast<std::time_t>(now)), random() & 0xffffff);
}

std::string host_name() {
  char name[256] = "";
  ::gethostname(name, sizeof name - 1);
  return name;
}

RunRow read_run(const Statement& row, const std::string& place) {
  RunRow run = {.id = row.text(0),
                .recipe = row.text(1),
                .recipe_file = row.text(2),
                .resolved_yaml = row.text(3),
                .facts = parse_json(row.text(4), place),
                .started = row.integer(5),
                .finished = row.integer(6),
                .status = row.text(7),
                .cpu = row.text(8),
                .os = row.text(9),
                .host = row.text(10),
                .cores = row.integer(11),
                .memory_bytes = row.integer(12),
                .pid = row.integer(13),
                .threads = row.integer(14),
                .version = row.text(15),
                .torch_version = row.text(16),
                .revision = row.text(17),
                .argv = parse_json(row.text(18), place).get<std::vector<std::string>>()};
  // A killed process cannot write down its own end.
  const bool here = run.status == "running" && run.host == host_name();
  if (here && ::kill(static_cast<pid_t>(run.pid), 0) != 0 && errno == ESRCH) run.status = "killed";
  return run;
}

}  // namespace

struct Ledger::Database : Sqlite {
  explicit Database(const fs::path& path) : Sqlite(path), place(path.string()) {}
  std::string place;
};

int64_t unix_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

Ledger::Ledger(const fs::path& file) : database_(std::make_unique<Database>(file)) {
  Transaction transaction(*database_);
  Statement query(*database_, "PRAGMA user_version");
  query.step();
  const int64_t version = query.integer(0);
  if (version > kSchemaVersion) {
    fail_work(file.string(),
              fmt::format("the ledger has version {}, this program knows up to {}", version, kSchemaVersion),
              "use the newer program, or another --store");
  }
  if (version == 0) {
    Statement tables(*database_, "SELECT count(*) FROM sqlite_master");
    tables.step();
    if (tables.integer(0) > 0) fail_input(file.string(), "is a database, but no ledger", kBeginAgain);
    database_->run(kSchema);
    database_->run(fmt::format("PRAGMA user_version = {}", kSchemaVersion).c_str());
  }
  transaction.commit();
}

Ledger Ledger::to_read(const fs::path& file) {
  std::error_code code;
  return Ledger(fs::exists(file, code) ? file : ":memory:");
}

Ledger::~Ledger() = default;
Ledger::Ledger(Ledger&&) noexcept = default;

std::string Ledger::start_run(RunRow row) {
  row.started = unix_now();
  row.id = new_run_id(row.started);
  const std::string sql =
      fmt::format("INSERT INTO runs({}) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", kRunColumns);
  Statement(*database_, sql, row.id, row.recipe, row.recipe_file, row.resolved_yaml, canonical_json(row.facts),
            row.started, int64_t{0}, std::string("running"), row.cpu, row.os, host_name(), row.cores, row.memory_bytes,
            static_cast<int64_t>(::getpid()), row.threads, row.version, row.torch_version, row.revision,
            canonical_json(row.argv))
      .step();
  return row.id;
}

void Ledger::finish_run(const std::string& run, const std::string& status) {
  Statement(*database_, "UPDATE runs SET status = ?, finished = ? WHERE id = ?", status, unix_now(), run).step();
}

void Ledger::put_stage(const std::string& run, const StageRow& row) {
  Statement(*database_,
            "INSERT INTO stages(run, position, node, hash, kind, speed_class, seed, status, started, seconds, resumed, "
            "counters, uses) "
            "VALUES(?1, (SELECT count(*) FROM stages WHERE run = ?1), ?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12) "
            "ON CONFLICT(run, node) DO UPDATE SET status = excluded.status, started = excluded.started, "
            "seconds = excluded.seconds, resumed = excluded.resumed, counters = excluded.counters",
            run, row.node, row.hash, row.kind, row.speed_class, row.seed, row.status, row.started, row.seconds,
            static_cast<int64_t>(row.resumed), canonical_json(row.counters), canonical_json(row.uses))
      .step();
}

void Ledger::put_stages(const std::string& run, const std::vector<StageRow>& rows) {
  Transaction transaction(*database_);
  for (const StageRow& row : rows) put_stage(run, row);
  transaction.commit();
}

void Ledger::add_measurements(const std::string& run, const std::string& node,
                              const std::vector<measure::Measurement>& rows) {
  Transaction transaction(*database_);
  for (const auto& row : rows) {
    Statement(*database_, "INSERT INTO measurements VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)", run, node, row.name, row.model,
              row.trigger, row.n, row.unscored, row.value, row.low, row.high, row.seed, row.step, row.stage)
        .step();
  }
  transaction.commit();
}

void Ledger::add_event(const std::string& run, const std::string& level, const std::string& message) {
  Statement(*database_, "INSERT INTO events VALUES(?,?,?,?)", run, unix_now(), level, message).step();
}

std::vector<RunRow> Ledger::list_runs() const {
  std::vector<RunRow> runs;
  Statement query(*database_, fmt::format("SELECT {} FROM runs ORDER BY started DESC, rowid DESC", kRunColumns));
  while (query.step()) runs.push_back(read_run(query, database_->place));
  return runs;
}

RunRow Ledger::find_run(const std::string& name) const {
  const auto runs = list_runs();
  if (runs.empty()) fail_input(name, "there is no run in the ledger", "start one with dormouse run RECIPE");
  if (name == "latest") return runs.front();
  std::vector<std::string> ids;
  const RunRow* found = nullptr;
  int matches = 0;
  for (const RunRow& run : runs) {
    if (run.id == name) return run;
    if (run.id.starts_with(name) && !name.empty()) {
      found = &run;
      ++matches;
    }
    if (ids.size() < 5) ids.push_back(run.id);
  }
  if (matches > 1) fail_input(name, fmt::format("{} runs begin with `{}`", matches, name), "give more of the id");
  if (found == nullptr)
    fail_input(name, unknown_name("run", name, ids), "dormouse runs lists them; `latest` is the newest");
  return *found;
}

std::vector<StageRow> Ledger::stages(const std::string& run) const {
  std::vector<StageRow> rows;
  Statement query(*database_,
                  "SELECT node, hash, kind, speed_class, seed, status, started, seconds, resumed, counters, uses FROM "
                  "stages WHERE run = ? ORDER BY position",
                  run);
  while (query.step()) {
    rows.push_back({query.text(0), query.text(1), query.text(2), query.text(3), query.integer(4), query.text(5),
                    query.integer(6), query.real(7), query.integer(8) != 0, parse_json(query.text(9), database_->place),
                    parse_json(query.text(10), database_->place)});
  }
  return rows;
}

std::vector<measure::Measurement> Ledger::measurements(const std::string& run) const {
  std::vector<measure::Measurement> rows;
  Statement query(*database_,
                  "SELECT name, model, trigger_name, n, unscored, value, low, high, seed, step, stage "
                  "FROM measurements WHERE run = ? ORDER BY rowid",
                  run);
  while (query.step()) {
    rows.push_back({.name = query.text(0),
                    .model = query.text(1),
                    .trigger = query.text(2),
                    .n = query.integer(3),
                    .unscored = query.integer(4),
                    .value = query.real(5),
                    .low = query.real(6),
                    .high = query.real(7),
                    .seed = query.integer(8),
                    .step = query.integer(9),
                    .stage = query.text(10)});
  }
  return rows;
}

std::vector<EventRow> Ledger::events(const std::string& run) const {
  std::vector<EventRow> rows;
  Statement query(*database_, "SELECT time, level, message FROM events WHERE run = ? ORDER BY rowid", run);
  while (query.step()) rows.push_back({query.integer(0), query.text(1), query.text(2)});
  return rows;
}

Rate Ledger::rate(const std::string& kind, const std::string& speed_class, const std::string& cpu,
                  int64_t threads) const {
  // Work that was resumed counts all its tokens but only its last part's time: it says nothing about speed.
  Statement query(*database_,
                  "SELECT count(*), sum(tokens), sum(seconds) FROM (SELECT s.seconds AS seconds, "
                  "ifnull(json_extract(s.counters, '$.tokens_trained'), 0) + "
                  "ifnull(json_extract(s.counters, '$.tokens_sampled'), 0) AS tokens "
                  "FROM stages s JOIN runs r ON r.id = s.run WHERE s.kind = ? AND s.speed_class = ? AND "
                  "s.status = 'done' AND s.resumed = 0 AND r.cpu = ? AND r.threads = ? "
                  "ORDER BY s.started DESC LIMIT 8)",
                  kind, speed_class, cpu, threads);
  query.step();
  const int64_t count = query.integer(0);
  const double seconds = count > 0 ? query.real(2) : 0;
  if (count == 0 || seconds <= 0) return {};
  return {count, query.real(1) / seconds, seconds / static_cast<double>(count)};
}

}  // namespace dormouse::lab
