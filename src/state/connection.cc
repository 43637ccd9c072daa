#include "state/connection.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/text.h"

namespace tocsin::state {
namespace {

constexpr size_t kStatementsMax = 128;
constexpr size_t kSqlInMessage = 200;  // bytes of a statement that an error shows

struct Failure {
  ErrorCode code;
  std::string_view reason;  // label of the counter
  std::string_view advice;
};

Failure failure_of(int sqlite_code) {
  switch (sqlite_code & 0xff) {
    case SQLITE_FULL:
      return {ErrorCode::kExhausted, "full", "the disk is full; free space, it is tried again"};
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return {ErrorCode::kRefused, "readonly", "the file or its folder may not be written to"};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {ErrorCode::kCorrupt, "corrupt",
              "the file is damaged; stop, move it away and put a backup in its place"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorCode::kUnavailable, "busy", "another process holds the file"};
    case SQLITE_CANTOPEN:
      return {ErrorCode::kUnavailable, "open",
              "check the path, its rights and the open file limit"};
    case SQLITE_IOERR:
      return {ErrorCode::kUnavailable, "io", "the disk failed; see the system log"};
    case SQLITE_CONSTRAINT:
      return {ErrorCode::kInvalid, "constraint", "nothing was changed"};
    case SQLITE_TOOBIG:
      return {ErrorCode::kInvalid, "too_big", "a value is beyond SQLite's limit"};
    default:
      return {ErrorCode::kInternal, "other", "this is a fault of the program"};
  }
}

}  // namespace

class Database::Connection::Use {
 public:
  Use(Prepared* cached, sqlite3_stmt* own) : cached_(cached), own_(own) {
    if (cached_ != nullptr) cached_->busy = true;
  }
  Use(Use&& other) noexcept
      : cached_(std::exchange(other.cached_, nullptr)), own_(std::exchange(other.own_, nullptr)) {}
  Use& operator=(Use&&) = delete;
  ~Use() {
    if (cached_ != nullptr) {
      sqlite3_reset(cached_->statement);
      sqlite3_clear_bindings(cached_->statement);
      cached_->busy = false;
    }
    sqlite3_finalize(own_);
  }
  sqlite3_stmt* get() const { return cached_ != nullptr ? cached_->statement : own_; }

 private:
  Prepared* cached_;
  sqlite3_stmt* own_;
};

Database::Connection::~Connection() {
  for (const Prepared& prepared : cache_) sqlite3_finalize(prepared.statement);
  sqlite3_close_v2(handle);
  if (lock_file >= 0) ::close(lock_file);  // gives the lock back
}

void Database::Connection::count(std::string_view reason) {
  if (options.counters == nullptr) return;
  options.counters
      ->counter("tocsin_sql_errors_total", fmt::format("reason=\"{}\"", reason),
                "Failed statements of the state database.")
      .add();
}

tl::unexpected<Error> Database::Connection::error(int code, std::string_view attempted,
                                                  std::string_view sql) {
  const Failure failure = failure_of(code);
  count(failure.reason);
  std::string message = fmt::format(
      "{} {}: {} ({})", attempted, path,
      handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(code), failure.advice);
  if (!sql.empty()) message += fmt::format("; statement: {}", cut_text(sql, kSqlInMessage));
  return fail(failure.code, std::move(message));
}

Result<void> Database::Connection::take_lock() {
  const std::string name = path + ".writer";
  lock_file = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (lock_file < 0) {
    count("readonly");
    const bool rights = errno == EACCES || errno == EROFS || errno == EPERM;
    return fail(
        rights ? ErrorCode::kRefused : ErrorCode::kUnavailable,
        fmt::format("open state database {}: cannot create {}: {}; check the folder's rights", path,
                    name, std::strerror(errno)));
  }
  if (::flock(lock_file, LOCK_EX | LOCK_NB) == 0) return {};
  count("busy");
  return fail(ErrorCode::kUnavailable,
              fmt::format("open state database {} for writing: another process has it open; stop "
                          "that one or use its API",
                          path));
}

Result<void> Database::Connection::open() {
  const bool writer = options.access == Access::kWriter;
  if (writer) {
    std::error_code ignored;  // the open below says what is wrong
    const auto folder = std::filesystem::path(path).parent_path();
    if (!folder.empty()) std::filesystem::create_directories(folder, ignored);
    if (auto locked = take_lock(); !locked) return locked;
  }
  const int flags = (writer ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READWRITE) |
                    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  if (code != SQLITE_OK) return error(code, "open state database", "");
  sqlite3_busy_timeout(handle, static_cast<int>(options.busy_timeout.count));
  if (auto done = configure(); !done) return done;
  return writer && options.check_on_open ? check() : Result<void>{};
}

// WAL with synchronous=FULL: a commit survives a power cut. A mapped file would let a stray write
// of this process damage the database, so mmap is off. The WAL of SQLite before 3.51.3 can be
// damaged by two connections that write or checkpoint at once: hence one writer, and readers that
// do neither.
Result<void> Database::Connection::configure() {
  const bool writer = options.access == Access::kWriter;
  if (writer) {
    auto done =
        script(options.power_cut_safe ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=OFF");
    if (!done) return done;
  }
  // A burst of new rows changes the same pages again and again: they stay in memory, and go from
  // the WAL to the file once every 16 MB.
  return script(writer ? "PRAGMA journal_mode=WAL; PRAGMA foreign_keys=ON;"
                         "PRAGMA mmap_size=0; PRAGMA wal_autocheckpoint=4000;"
                         "PRAGMA cache_size=-8192;"
                       : "PRAGMA query_only=ON; PRAGMA wal_autocheckpoint=0; PRAGMA mmap_size=0;"
                         "PRAGMA cache_size=-32768;");
}

Result<void> Database::Connection::check() {
  std::string found;
  const auto rows = query("PRAGMA quick_check(5)", {}, [&](const Row& row) {
    found += (found.empty() ? "" : "; ") + row.get<std::string>(0);
  });
  if (!rows) return fail(rows.error());
  if (found == "ok") return {};
  count("corrupt");
  return fail(ErrorCode::kCorrupt,
              fmt::format("check state database {}: {} (stop, move it away and put a backup in its "
                          "place)",
                          path, cut_text(found, 500)));
}

Result<Database::Connection::Use> Database::Connection::prepare(std::string_view sql) {
  const auto known = by_sql_.find(sql);
  if (known != by_sql_.end() && !known->second->busy) {
    cache_.splice(cache_.begin(), cache_, known->second);
    return Use(&cache_.front(), nullptr);
  }
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return error(code, "prepare a statement for", sql);
  if (statement == nullptr)
    return fail(ErrorCode::kInternal, fmt::format("prepare a statement for {}: it is empty", path));
  if (known != by_sql_.end()) return Use(nullptr, statement);  // the cached one is being stepped
  if (cache_.size() >= kStatementsMax && !cache_.back().busy) {
    by_sql_.erase(cache_.back().sql);
    sqlite3_finalize(cache_.back().statement);
    cache_.pop_back();
  }
  cache_.push_front({std::string(sql), statement, false});
  by_sql_.emplace(cache_.front().sql, cache_.begin());
  return Use(&cache_.front(), nullptr);
}

namespace {

int bind_one(sqlite3_stmt* statement, int at, const Value& value) {
  struct Bind {
    sqlite3_stmt* statement;
    int at;
    int operator()(std::monostate) const { return sqlite3_bind_null(statement, at); }
    int operator()(int64_t v) const { return sqlite3_bind_int64(statement, at, v); }
    int operator()(double v) const { return sqlite3_bind_double(statement, at, v); }
    int operator()(std::string_view v) const {
      return sqlite3_bind_text64(statement, at, v.data() == nullptr ? "" : v.data(), v.size(),
                                 SQLITE_STATIC, SQLITE_UTF8);
    }
    int operator()(const std::string& v) const { return (*this)(std::string_view(v)); }
    int operator()(Blob v) const {
      return sqlite3_bind_blob64(statement, at, v.bytes.data() == nullptr ? "" : v.bytes.data(),
                                 v.bytes.size(), SQLITE_STATIC);
    }
  };
  return std::visit(Bind{statement, at}, value.held());
}

}  // namespace

Result<void> Database::Connection::bind(sqlite3_stmt* statement, Values values,
                                        std::string_view sql) {
  const int wanted = sqlite3_bind_parameter_count(statement);
  if (wanted != static_cast<int>(values.size()))
    return fail(ErrorCode::kInternal,
                fmt::format("run a statement on {}: it wants {} values, not {}"
                            "; statement: {}",
                            path, wanted, values.size(), cut_text(sql, kSqlInMessage)));
  int at = 1;
  for (const Value& value : values)
    if (const int code = bind_one(statement, at++, value); code != SQLITE_OK)
      return error(code, "bind a value for", sql);
  return {};
}

Result<int64_t> Database::Connection::query(std::string_view sql, Values values,
                                            const EachRow& each) {
  auto use = prepare(sql);
  if (!use) return fail(use.error());
  if (auto bound = bind(use->get(), values, sql); !bound) return fail(bound.error());
  const Row row(use->get());
  int64_t rows = 0;
  for (;;) {
    const int code = sqlite3_step(use->get());
    if (code == SQLITE_DONE) return rows;
    if (code != SQLITE_ROW) return error(code, "run a statement on", sql);
    ++rows;
    if (each) each(row);
  }
}

Result<int64_t> Database::Connection::execute(std::string_view sql, Values values) {
  const int64_t before = sqlite3_total_changes64(handle);
  if (auto done = query(sql, values, {}); !done) return done;
  // Those of the statement itself, without what foreign keys removed after it.
  return sqlite3_total_changes64(handle) == before ? 0 : sqlite3_changes64(handle);
}

Result<void> Database::Connection::script(std::string_view sql) {
  const std::string text(sql);
  const int code = sqlite3_exec(handle, text.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return error(code, "run statements on", sql);
  return {};
}

// After some errors (a full disk) SQLite has rolled back by itself already.
void Database::Connection::roll_back() {
  in_transaction = false;
  if (sqlite3_get_autocommit(handle) == 0)
    sqlite3_exec(handle, "ROLLBACK", nullptr, nullptr, nullptr);
}

}  // namespace tocsin::state
