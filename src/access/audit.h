#pragma once
// The audit log: every change of state, who made it, when, from where, what became of it. Rows are
// only ever added; those older than a year (or what is configured) go.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "state/database.h"

namespace tocsin::access {

struct AuditEntry {
  int64_t number = 0;  // ascending, given by the table
  TimeMs at;
  std::string who;      // of the user or token; "" = somebody on this machine
  std::string kind;     // "user", "token", "here", "command", "link", "chat", "mail", "program"
  std::string address;  // of the client
  std::string action;   // "alert.acknowledge"
  std::string target;   // "alert 8f3c…", "user ada"
  int status = 0;       // the answer's HTTP status: 200, 403, ...
  std::string before, after;  // JSON or plain; never a secret
};

struct AuditFilter {
  TimeMs from = kTimeMin, to = kTimeMax;
  std::string who, action, target;  // whole; an action that ends in "." = all that begin so
  std::optional<int64_t> below;     // numbers below this one: the next page
  size_t limit = 100;
};

inline constexpr size_t kAuditTextBytesMax = 16 * 1024;  // of before and of after; cut with "…"

Result<void> write_audit(state::Transaction& transaction, const AuditEntry& entry);
// Newest first.
Result<std::vector<AuditEntry>> read_audit(state::Database& database, const AuditFilter& filter);
// At most so many at a time, oldest first; gives how many went.
Result<int64_t> remove_old_audit(state::Transaction& transaction, TimeMs before, size_t limit);

// For people's tables: a line each, with a header; JSON is an array of objects.
std::string audit_csv(const std::vector<AuditEntry>& entries);
std::string audit_json(const std::vector<AuditEntry>& entries);

// A request's JSON body for `after`: members whose name says that they are secret become "***".
// What is no JSON object becomes its size in words.
std::string without_secrets(std::string_view json_body);

}  // namespace tocsin::access
