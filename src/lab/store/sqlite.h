// A thin skin over SQLite: statements that are finalized, errors that are thrown.
#pragma once

#include <sqlite3.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/files.h"

namespace dormouse::lab {

/// What to do about a file that is no ledger.
inline constexpr const char* kBeginAgain =
    "move it away, and the next run begins a new one: what is stored stays stored; or name another --store";

class Sqlite {
 public:
  /// Opens or creates, with a busy timeout, WAL and foreign keys. Throws kInput if it is no database or a damaged one,
  /// else kWork.
  explicit Sqlite(const fs::path& file);
  ~Sqlite();
  Sqlite(const Sqlite&) = delete;

  void run(const char* sql);
  [[noreturn]] void fail(std::string_view action) const;
  sqlite3* handle() const { return handle_; }

 private:
  void switch_to_wal();

  std::string file_;
  sqlite3* handle_ = nullptr;
};

/// Prepared, bound in order, stepped: while (query.step()) query.text(0).
class Statement {
 public:
  template <class... Values>
  Statement(Sqlite& database, std::string_view sql, const Values&... values) : database_(database) {
    prepare(sql);
    int index = 0;
    (bind(++index, values), ...);
  }
  ~Statement();
  Statement(const Statement&) = delete;

  /// False after the last row.
  bool step();
  std::string text(int column) const;
  int64_t integer(int column) const { return sqlite3_column_int64(handle_, column); }
  /// NULL is NaN, as SQLite stores it.
  double real(int column) const;

 private:
  void prepare(std::string_view sql);
  void bind(int index, int64_t value);
  void bind(int index, double value);
  void bind(int index, const std::string& value);

  Sqlite& database_;
  sqlite3_stmt* handle_ = nullptr;
};

/// All of it or nothing: rolled back unless committed.
class Transaction {
 public:
  explicit Transaction(Sqlite& database);
  ~Transaction();
  void commit();

 private:
  Sqlite& database_;
  bool done_ = false;
};

}  // namespace dormouse::lab
