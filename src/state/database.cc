#include "state/database.h"

#include <fmt/format.h>

#include <utility>

#include "base/check.h"
#include "state/connection.h"

namespace tocsin::state {
namespace {

std::string_view text_of(sqlite3_stmt* statement, int column) {
  // The pointer first: asking for the length first would be that of another encoding.
  const void* bytes = sqlite3_column_type(statement, column) == SQLITE_BLOB
                          ? sqlite3_column_blob(statement, column)
                          : sqlite3_column_text(statement, column);
  const auto length = static_cast<size_t>(sqlite3_column_bytes(statement, column));
  return bytes == nullptr ? std::string_view{}
                          : std::string_view(static_cast<const char*>(bytes), length);
}

}  // namespace

bool Row::null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

template <>
int64_t Row::get<int64_t>(int column) const {
  return sqlite3_column_int64(statement_, column);
}
template <>
int Row::get<int>(int column) const {
  return static_cast<int>(get<int64_t>(column));
}
template <>
uint64_t Row::get<uint64_t>(int column) const {
  return static_cast<uint64_t>(get<int64_t>(column));
}
template <>
uint32_t Row::get<uint32_t>(int column) const {
  return static_cast<uint32_t>(get<int64_t>(column));
}
template <>
bool Row::get<bool>(int column) const {
  return get<int64_t>(column) != 0;
}
template <>
double Row::get<double>(int column) const {
  return sqlite3_column_double(statement_, column);
}
template <>
std::string_view Row::get<std::string_view>(int column) const {
  return text_of(statement_, column);
}
template <>
std::string Row::get<std::string>(int column) const {
  return std::string(text_of(statement_, column));
}
template <>
TimeMs Row::get<TimeMs>(int column) const {
  return {get<int64_t>(column)};
}
template <>
DurationMs Row::get<DurationMs>(int column) const {
  return {get<int64_t>(column)};
}
template <>
Id128 Row::get<Id128>(int column) const {
  return parse_id(text_of(statement_, column)).value_or(Id128{});
}
template <>
std::optional<Id128> Row::get<std::optional<Id128>>(int column) const {
  return parse_id(text_of(statement_, column));
}
template <>
std::optional<int64_t> Row::get<std::optional<int64_t>>(int column) const {
  if (null(column)) return std::nullopt;
  return get<int64_t>(column);
}
template <>
std::optional<std::string> Row::get<std::optional<std::string>>(int column) const {
  if (null(column)) return std::nullopt;
  return get<std::string>(column);
}

Database::Database(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

Result<Database> Database::open(const std::string& path, Options options) {
  auto connection = std::make_unique<Connection>(path, options);
  if (auto opened = connection->open(); !opened) return fail(opened.error());
  return Database(std::move(connection));
}

const std::string& Database::path() const { return connection_->path; }

Result<int64_t> Database::execute(std::string_view sql, Values values) {
  return connection_->execute(sql, values);
}
Result<int64_t> Database::query(std::string_view sql, Values values, const EachRow& each) {
  return connection_->query(sql, values, each);
}
Result<void> Database::script(std::string_view sql) { return connection_->script(sql); }

Result<Transaction> Database::begin() {
  TOCSIN_CHECK(!connection_->in_transaction, "a second transaction on {}", path());
  if (auto begun = connection_->execute("BEGIN IMMEDIATE", {}); !begun) return fail(begun.error());
  connection_->in_transaction = true;
  return Transaction(connection_.get());
}

Result<void> Database::backup(const std::string& path) {
  if (auto done = connection_->execute("VACUUM INTO ?", {path}); !done) return fail(done.error());
  return {};
}

Transaction::Transaction(Transaction&& other) noexcept
    : connection_(std::exchange(other.connection_, nullptr)) {}

Transaction::~Transaction() {
  if (connection_ != nullptr) connection_->roll_back();
}

Result<int64_t> Transaction::execute(std::string_view sql, Values values) {
  TOCSIN_CHECK(connection_ != nullptr, "a statement after the commit: {}", sql);
  return connection_->execute(sql, values);
}
Result<int64_t> Transaction::query(std::string_view sql, Values values, const EachRow& each) {
  TOCSIN_CHECK(connection_ != nullptr, "a query after the commit: {}", sql);
  return connection_->query(sql, values, each);
}
Result<void> Transaction::script(std::string_view sql) {
  TOCSIN_CHECK(connection_ != nullptr, "statements after the commit: {}", sql);
  return connection_->script(sql);
}

Result<void> Transaction::commit() {
  TOCSIN_CHECK(connection_ != nullptr, "a second commit");
  if (auto done = connection_->execute("COMMIT", {}); !done) {
    std::exchange(connection_, nullptr)->roll_back();
    return fail(done.error());
  }
  std::exchange(connection_, nullptr)->in_transaction = false;
  return {};
}

}  // namespace tocsin::state
