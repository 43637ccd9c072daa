#pragma once
// Inside of the room: tables of groups, flapping, the shelf, repeats; they stand beside those of
// tables.h.

#include <string_view>
#include <utility>
#include <vector>

#include "supervisor/changes.h"

namespace tocsin::supervisor {

inline constexpr std::string_view kLifeTables = R"(
ALTER TABLE deliveries ADD COLUMN group_id TEXT;
ALTER TABLE deliveries ADD COLUMN text TEXT NOT NULL DEFAULT '';
ALTER TABLE deliveries ADD COLUMN loud INTEGER NOT NULL DEFAULT 0;
CREATE INDEX deliveries_group ON deliveries (group_id) WHERE group_id IS NOT NULL;
CREATE INDEX alerts_opened_at ON alerts (opened_at);
CREATE TABLE alert_life (
  alert TEXT PRIMARY KEY REFERENCES alerts (id) ON DELETE CASCADE,
  shelved_by TEXT NOT NULL, shelved_until INTEGER NOT NULL, shelf_reason TEXT NOT NULL,
  flapping_since INTEGER NOT NULL, flap_changes INTEGER NOT NULL, flaps BLOB NOT NULL,
  repeat_at INTEGER NOT NULL, repeats INTEGER NOT NULL) STRICT;
CREATE TABLE alert_groups (
  id TEXT PRIMARY KEY, key TEXT NOT NULL, storm INTEGER NOT NULL, taking INTEGER NOT NULL,
  route TEXT NOT NULL, labels BLOB NOT NULL, receivers BLOB NOT NULL, interval INTEGER NOT NULL,
  opened_at INTEGER NOT NULL, closed_at INTEGER NOT NULL, told_at INTEGER NOT NULL,
  due INTEGER NOT NULL, repeat_at INTEGER NOT NULL, repeats INTEGER NOT NULL,
  anchor TEXT NOT NULL, news BLOB NOT NULL) STRICT;
CREATE INDEX alert_groups_open ON alert_groups (opened_at) WHERE closed_at = 0;
CREATE INDEX alert_groups_closed ON alert_groups (closed_at) WHERE closed_at <> 0;
CREATE TABLE alert_group_members (
  group_id TEXT NOT NULL REFERENCES alert_groups (id) ON DELETE CASCADE,
  alert TEXT NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
  state INTEGER NOT NULL, joined_at INTEGER NOT NULL,
  PRIMARY KEY (group_id, alert)) STRICT;
CREATE INDEX alert_group_members_alert ON alert_group_members (alert);
)";

Result<void> write_life(state::Transaction& transaction, const AlertRecord& record);
Result<void> write_groups(state::Transaction& transaction, const Changes& changes);
// Shelf, flapping, repeats and groups of a record.
Result<void> read_life(state::Database& database, AlertRecord& record);

Result<std::vector<GroupRecord>> read_groups(state::Database& database, std::string_view condition,
                                             state::Values values);
// Those that are not past.
Result<std::vector<GroupMember>> read_members(state::Database& database, const Id128& group);
// When rules opened and resolved within `window` before the last such time, oldest first.
Result<std::vector<std::pair<TimeMs, Id128>>> read_flaps(state::Database& database,
                                                         DurationMs window);
// Receivers and times of the openings told to them, alone or in a storm; as read_flaps().
Result<std::vector<std::pair<std::string, TimeMs>>> read_openings(state::Database& database,
                                                                  DurationMs window);
// A group as its next message shows it; null if there is none of this id.
Result<std::shared_ptr<const GroupView>> read_group_view(state::Database& database,
                                                         const Id128& group,
                                                         size_t shown = kGroupAlertsShown);

}  // namespace tocsin::supervisor
