#pragma once
// SQL for the state that people and alerts make: alerts, silences, deliveries, tokens. SQLite in
// the data folder; written so that PostgreSQL can stand beside it (docs/decisions): statements use
// `?`, times are int64 milliseconds, JSON is text, upserts are `ON CONFLICT`.
//
// Exactly one writer exists per file (a lock file refuses a second, of any process): it does all
// writes and all checkpoints. Readers are query-only connections and never checkpoint.
// A Database belongs to one thread at a time. A committed transaction survives a power cut
// (WAL, synchronous=FULL); one that was not committed leaves no trace.
// Bounded: 128 prepared statements are kept, the least recently used goes.
//
// Errors name what was attempted and the SQL: kExhausted (disk full: nothing was changed, try
// again), kUnavailable (another process is at it), kRefused (read-only), kCorrupt, kInvalid (a
// constraint), kInternal. Every one is counted in tocsin_sql_errors_total{reason=...}.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/counters.h"
#include "base/result.h"
#include "state/value.h"

struct sqlite3_stmt;

namespace tocsin::state {

// One row of an answer, valid only inside the callback it is given to. Columns count from 0.
class Row {
 public:
  // NULL reads as the empty value; std::string and std::string_view also read blobs.
  template <class T>
  T get(int column) const;
  bool null(int column) const;

 private:
  friend class Database;
  explicit Row(sqlite3_stmt* statement) : statement_(statement) {}
  sqlite3_stmt* statement_;
};

// The types that a column can be read as.
template <>
int64_t Row::get<int64_t>(int column) const;
template <>
int Row::get<int>(int column) const;
template <>
uint64_t Row::get<uint64_t>(int column) const;
template <>
uint32_t Row::get<uint32_t>(int column) const;
template <>
bool Row::get<bool>(int column) const;
template <>
double Row::get<double>(int column) const;
template <>
std::string_view Row::get<std::string_view>(int column) const;
template <>
std::string Row::get<std::string>(int column) const;
template <>
TimeMs Row::get<TimeMs>(int column) const;
template <>
DurationMs Row::get<DurationMs>(int column) const;
template <>
Id128 Row::get<Id128>(int column) const;
template <>
std::optional<Id128> Row::get<std::optional<Id128>>(int column) const;
template <>
std::optional<int64_t> Row::get<std::optional<int64_t>>(int column) const;
template <>
std::optional<std::string> Row::get<std::optional<std::string>>(int column) const;

using EachRow = std::function<void(const Row&)>;

class Transaction;

class Database {
 public:
  enum class Access { kWriter, kReader };
  struct Options {
    Access access = Access::kWriter;
    bool check_on_open = true;   // quick_check; a damaged file is kCorrupt
    bool power_cut_safe = true;  // false: a commit survives kill -9 only; tests, simulation
    DurationMs busy_timeout = seconds(5);
    Counters* counters = nullptr;  // must outlive the Database
  };

  // Creates the file and its folder if there is none (writer only).
  static Result<Database> open(const std::string& path, Options options);
  static Result<Database> open(const std::string& path) { return open(path, Options{}); }
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  // One statement. Gives the number of rows that it changed.
  Result<int64_t> execute(std::string_view sql, Values values = {});
  // Calls `each` for every row, in the order of the answer; gives how many there were.
  Result<int64_t> query(std::string_view sql, Values values, const EachRow& each);
  // Several statements without values, as in a migration.
  Result<void> script(std::string_view sql);
  // Begins at once as a writer. No second one while it lives (checked).
  Result<Transaction> begin();
  // A consistent copy into a new file, while others read.
  Result<void> backup(const std::string& path);

  const std::string& path() const;

 private:
  friend class Transaction;
  struct Connection;
  explicit Database(std::unique_ptr<Connection> connection);
  std::unique_ptr<Connection> connection_;
};

// All or nothing. Rolled back when it is destroyed uncommitted, also after an error in between.
// After any error of a statement the transaction is only good for being thrown away.
class Transaction {
 public:
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  Result<int64_t> execute(std::string_view sql, Values values = {});
  Result<int64_t> query(std::string_view sql, Values values, const EachRow& each);
  Result<void> script(std::string_view sql);
  // On an error nothing was changed: begin again with the same rows.
  Result<void> commit();

 private:
  friend class Database;
  explicit Transaction(Database::Connection* connection) : connection_(connection) {}
  Database::Connection* connection_;  // null once committed or moved from
};

}  // namespace tocsin::state
