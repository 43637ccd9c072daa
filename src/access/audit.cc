#include "access/audit.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cctype>

#include "base/json_writer.h"
#include "base/text.h"

namespace tocsin::access {
namespace {

constexpr std::string_view kColumns =
    "SELECT number, at, who, kind, address, action, target, status, before, after "
    "FROM access_audit";

AuditEntry entry_of(const state::Row& row) {
  AuditEntry out;
  out.number = row.get<int64_t>(0);
  out.at = row.get<TimeMs>(1);
  out.who = row.get<std::string>(2);
  out.kind = row.get<std::string>(3);
  out.address = row.get<std::string>(4);
  out.action = row.get<std::string>(5);
  out.target = row.get<std::string>(6);
  out.status = row.get<int>(7);
  out.before = row.get<std::string>(8);
  out.after = row.get<std::string>(9);
  return out;
}

// A spreadsheet runs what begins with one of these: it gets an apostrophe before it.
std::string csv_field(std::string_view text) {
  std::string out = "\"";
  if (!text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos)
    out += '\'';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

bool is_secret(std::string_view name) {
  std::string lower;
  for (const char c : name) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const std::string_view word :
       {"password", "passwd", "secret", "token", "authorization", "cookie", "apikey", "api_key",
        "api-key", "private", "credential", "signing", "routing_key", "integration_key", "webhook",
        "url"})
    if (lower.find(word) != lower.npos) return true;
  return false;
}

// Whole files of the configuration: the history keeps them, for those who may read them.
void hide_texts(boost::json::object& files) {
  for (auto& file : files)
    if (file.value().is_string())
      file.value() = fmt::format("{} bytes", file.value().get_string().size());
}

void hide(boost::json::value& value, int depth) {
  constexpr int kDepthMax = 32;
  if (depth > kDepthMax) {
    value = "…";
  } else if (value.is_object()) {
    for (auto& member : value.get_object()) {
      const boost::json::string_view name = member.key();
      if (name == "files" && member.value().is_object())
        hide_texts(member.value().get_object());
      else if (is_secret({name.data(), name.size()}))
        member.value() = "***";
      else
        hide(member.value(), depth + 1);
    }
  } else if (value.is_array()) {
    for (auto& item : value.get_array()) hide(item, depth + 1);
  }
}

}  // namespace

Result<void> write_audit(state::Transaction& transaction, const AuditEntry& entry) {
  auto done = transaction.execute(
      "INSERT INTO access_audit (at, who, kind, address, action, target, status, before, after) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {entry.at, entry.who, entry.kind, entry.address, entry.action, entry.target, entry.status,
       cut_text(entry.before, kAuditTextBytesMax), cut_text(entry.after, kAuditTextBytesMax)});
  if (!done) return fail(done.error());
  return {};
}

Result<std::vector<AuditEntry>> read_audit(state::Database& database, const AuditFilter& filter) {
  std::string sql = std::string(kColumns) + " WHERE at >= ? AND at < ?";
  std::vector<state::Value> values = {filter.from, filter.to};
  const auto also = [&](std::string_view condition, state::Value value) {
    sql += condition;
    values.push_back(std::move(value));
  };
  std::string after_dot;
  if (!filter.who.empty()) also(" AND who = ?", filter.who);
  if (!filter.target.empty()) also(" AND target = ?", filter.target);
  if (filter.action.ends_with('.')) {
    // "alert." up to "alert/", the character behind the dot.
    after_dot = filter.action.substr(0, filter.action.size() - 1) + '/';
    also(" AND action >= ?", filter.action);
    also(" AND action < ?", after_dot);
  } else if (!filter.action.empty()) {
    also(" AND action = ?", filter.action);
  }
  if (filter.below) also(" AND number < ?", *filter.below);
  sql += " ORDER BY number DESC LIMIT ?";
  values.emplace_back(filter.limit);
  std::vector<AuditEntry> out;
  auto done =
      database.query(sql, values, [&](const state::Row& row) { out.push_back(entry_of(row)); });
  if (!done) return fail(done.error());
  return out;
}

Result<int64_t> remove_old_audit(state::Transaction& transaction, TimeMs before, size_t limit) {
  return transaction.execute(
      "DELETE FROM access_audit WHERE number IN (SELECT number FROM access_audit WHERE at < ? "
      "ORDER BY at LIMIT ?)",
      {before, limit});
}

std::string audit_csv(const std::vector<AuditEntry>& entries) {
  std::string out = "number,time,who,kind,address,action,target,status,before,after\r\n";
  for (const AuditEntry& one : entries)
    out += fmt::format("{},{},{},{},{},{},{},{},{},{}\r\n", one.number, to_iso(one.at),
                       csv_field(one.who), csv_field(one.kind), csv_field(one.address),
                       csv_field(one.action), csv_field(one.target), one.status,
                       csv_field(one.before), csv_field(one.after));
  return out;
}

std::string audit_json(const std::vector<AuditEntry>& entries) {
  JsonWriter json;
  json.begin_array();
  for (const AuditEntry& one : entries)
    json.begin_object()
        .member("number", one.number)
        .member("at", one.at.ms)
        .member("who", one.who)
        .member("kind", one.kind)
        .member("address", one.address)
        .member("action", one.action)
        .member("target", one.target)
        .member("status", one.status)
        .member("before", one.before)
        .member("after", one.after)
        .end_object();
  json.end_array();
  return json.take();
}

std::string without_secrets(std::string_view json_body) {
  if (json_body.empty()) return {};
  if (json_body.size() > kAuditTextBytesMax) return fmt::format("{} bytes", json_body.size());
  boost::json::error_code failed;
  boost::json::value value = boost::json::parse({json_body.data(), json_body.size()}, failed);
  if (failed || !value.is_object()) return fmt::format("{} bytes", json_body.size());
  hide(value, 0);
  return boost::json::serialize(value);
}

}  // namespace tocsin::access
