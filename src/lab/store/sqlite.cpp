#include "lab/store/sqlite.h"

#include <fmt/format.h>

#include <chrono>
#include <limits>
#include <thread>

#include "core/base/error.h"

namespace dormouse::lab {

namespace {

constexpr int kBusyMilliseconds = 30000;
constexpr int kPollMilliseconds = 10;

}  // namespace

Sqlite::Sqlite(const fs::path& file) : file_(file.string()) {
  if (sqlite3_open_v2(file_.c_str(), &handle_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr) != SQLITE_OK) {
    const std::string reason = handle_ == nullptr ? "out of memory" : sqlite3_errmsg(handle_);
    sqlite3_close(handle_);
    fail_work(file_, fmt::format("the ledger cannot be opened: {}", reason));
  }
  try {
    sqlite3_busy_timeout(handle_, kBusyMilliseconds);
    switch_to_wal();
    // A power cut may lose the last rows but not break the file; what counts as done is in the store.
    run("PRAGMA synchronous = NORMAL");
    run("PRAGMA foreign_keys = ON");
  } catch (...) {
    sqlite3_close(handle_);
    throw;
  }
}

// Two processes that create one ledger meet here, and SQLite's busy timeout does not cover this statement.
void Sqlite::switch_to_wal() {
  for (int waited = 0; waited < kBusyMilliseconds; waited += kPollMilliseconds) {
    if (sqlite3_exec(handle_, "PRAGMA journal_mode = WAL", nullptr, nullptr, nullptr) == SQLITE_OK) return;
    if (sqlite3_errcode(handle_) != SQLITE_BUSY) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(kPollMilliseconds));
  }
  fail("opening the ledger");
}

Sqlite::~Sqlite() { sqlite3_close(handle_); }

void Sqlite::run(const char* sql) {
  if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail("writing the ledger");
}

void Sqlite::fail(std::string_view action) const {
  const int code = sqlite3_errcode(handle_);
  if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT)
    fail_input(file_, fmt::format("is no ledger, or a damaged one: {}", sqlite3_errmsg(handle_)), kBeginAgain);
  const char* next = code == SQLITE_FULL ? "free some disk space and run the same command again" : "";
  fail_work(file_, fmt::format("{} failed: {}", action, sqlite3_errmsg(handle_)), next);
}

void Statement::prepare(std::string_view sql) {
  const int code = sqlite3_prepare_v2(database_.handle(), sql.data(), static_cast<int>(sql.size()), &handle_, nullptr);
  if (code != SQLITE_OK) database_.fail("preparing a statement");
}

Statement::~Statement() { sqlite3_finalize(handle_); }

bool Statement::step() {
  const int code = sqlite3_step(handle_);
  if (code != SQLITE_ROW && code != SQLITE_DONE) database_.fail("a statement");
  return code == SQLITE_ROW;
}

std::string Statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  return bytes == nullptr ? "" : std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column)));
}

double Statement::real(int column) const {
  if (sqlite3_column_type(handle_, column) == SQLITE_NULL) return std::numeric_limits<double>::quiet_NaN();
  return sqlite3_column_double(handle_, column);
}

void Statement::bind(int index, int64_t value) {
  DORMOUSE_ASSERT(sqlite3_bind_int64(handle_, index, value) == SQLITE_OK);
}

void Statement::bind(int index, double value) {
  DORMOUSE_ASSERT(sqlite3_bind_double(handle_, index, value) == SQLITE_OK);
}

void Statement::bind(int index, const std::string& value) {
  const int code = sqlite3_bind_text64(handle_, index, value.data(), value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  DORMOUSE_ASSERT(code == SQLITE_OK);
}

Transaction::Transaction(Sqlite& database) : database_(database) { database_.run("BEGIN IMMEDIATE"); }

Transaction::~Transaction() {
  // The first error is already on its way; a failing rollback adds nothing to it.
  if (!done_) sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
  database_.run("COMMIT");
  done_ = true;
}

}  // namespace dormouse::lab
