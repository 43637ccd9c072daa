#pragma once
// The receiver for whom nothing must be set up: keeps the exact Slack, mail and webhook messages
// that would have been sent. Table respond_inbox, the last kInboxMax messages.

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "respond/links.h"
#include "respond/notice.h"
#include "respond/secret.h"
#include "respond/target.h"
#include "state/database.h"
#include "state/migrations.h"

namespace tocsin::respond {

inline constexpr int64_t kInboxMax = 1000;

struct InboxMessage {
  int64_t id = 0;  // ascending; given by the database
  TimeMs time;
  std::string receiver;
  std::string kind;   // "webhook", "slack", "mail"
  std::string event;  // "opened", "updated", "resolved", "test"
  Id128 alert;
  std::string title;  // the alert's sentence
  std::string url;    // where it would have gone
  std::string content_type;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;        // exact bytes
  std::string text, html;  // mail: its two parts
};

class InboxTarget : public Target {
 public:
  static TargetPtr read(config::MapReader& m, const SecretSources& sources);
  std::string_view kind() const override { return "inbox"; }
  bool edits() const override { return true; }
  void deliver(const Way& way, const Message& message, Done done) const override;
};

// What receivers of each kind would have got: all three for an opening and a resolution; for an
// update only Slack, which alone edits what it said.
std::vector<InboxMessage> inbox_messages(const Links& links, const Notice& notice);

std::span<const state::Migration> inbox_migrations();
// Adds them and removes the oldest beyond kInboxMax.
Result<void> keep(state::Transaction& transaction, std::span<const InboxMessage> messages);
// Newest first.
Result<std::vector<InboxMessage>> list_inbox(state::Database& database, int64_t limit);

}  // namespace tocsin::respond
