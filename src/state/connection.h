#pragma once
// Inside of the room: one SQLite connection with its prepared statements. Only connection.cc and
// database.cc include it.

#include <sqlite3.h>

#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "state/database.h"

namespace tocsin::state {

struct Database::Connection {
  Connection(std::string file, Options chosen) : path(std::move(file)), options(chosen) {}
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Result<void> open();
  Result<int64_t> execute(std::string_view sql, Values values);
  Result<int64_t> query(std::string_view sql, Values values, const EachRow& each);
  Result<void> script(std::string_view sql);
  void roll_back();

  const std::string path;
  const Options options;
  sqlite3* handle = nullptr;
  int lock_file = -1;
  bool in_transaction = false;

 private:
  struct Prepared {
    std::string sql;
    sqlite3_stmt* statement = nullptr;
    bool busy = false;  // being stepped: a nested call must not reset it
  };
  using Cache = std::list<Prepared>;  // most recently used first

  // Gives the statement back when the call is over.
  class Use;
  Result<void> take_lock();
  Result<void> configure();
  Result<void> check();
  Result<Use> prepare(std::string_view sql);
  Result<void> bind(sqlite3_stmt* statement, Values values, std::string_view sql);
  tl::unexpected<Error> error(int code, std::string_view attempted, std::string_view sql);
  void count(std::string_view reason);

  Cache cache_;
  std::unordered_map<std::string_view, Cache::iterator> by_sql_;  // keys view Prepared::sql
};

}  // namespace tocsin::state
