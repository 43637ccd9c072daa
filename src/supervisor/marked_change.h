#pragma once
// What people and other systems say was changed: a deployment, a setting, a promotion, a fixture, a
// holiday. Drawn on charts, ranked among the causes of an alert. (Not the Changes of changes.h,
// which are rows to be written.)
//
// Tables of their own (marked_changes, ..._labels), written by the SQL writer, read on any read
// connection. Bounded: kMarkedChangesMax and kMarkedChangesKeep; past either the oldest go.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "state/database.h"
#include "state/migrations.h"
#include "vocabulary/labels.h"
#include "vocabulary/matcher.h"

namespace tocsin::supervisor {

inline constexpr size_t kMarkedChangesMax = 100'000;
inline constexpr DurationMs kMarkedChangesKeep = days(400);

enum class ChangeKind : uint8_t { kDeploy, kSetting, kPromotion, kFixture, kHoliday };
std::string_view to_text(ChangeKind kind);  // "deploy", "setting", ...
std::optional<ChangeKind> parse_change_kind(std::string_view text);

struct MarkedChange {
  std::string id;  // the sender's, else a hash of the rest
  ChangeKind kind = ChangeKind::kDeploy;
  std::string title;
  TimeMs at;
  TimeMs until;   // 0: a moment
  Labels labels;  // what it concerns; none: everything
  std::string link, by;
  TimeMs made_at;  // when it was first written

  TimeMs end() const { return until.ms != 0 ? until : at; }
  friend bool operator==(const MarkedChange&, const MarkedChange&) = default;
};

// Of kind, title, times and labels.
std::string change_id(const MarkedChange& change);
// A change concerns series that no label of it contradicts: site="madrid" concerns a series of
// madrid and one without a site.
bool concerns(const MarkedChange& change, const Labels& series);
// The same for what series a selector picks: a label that the change has not is no obstacle.
bool concerns(const MarkedChange& change, std::span<const LabelMatcher> matchers);

std::span<const state::Migration> marked_change_migrations();
// Takes the place of an earlier one of the same id, whose made_at it keeps. Gives what is there
// now.
Result<MarkedChange> write_marked_change(state::Transaction& transaction,
                                         const MarkedChange& change);
Result<bool> remove_marked_change(state::Transaction& transaction, const std::string& id);

struct MarkedChangeFilter {
  TimeMs from = kTimeMin, to = kTimeMax;  // those that touch it, both included
  std::vector<LabelMatcher> matchers;
  size_t limit = 1000;
};
// By time; of more than `limit` the newest.
Result<std::vector<MarkedChange>> list_marked_changes(state::Database& database,
                                                      const MarkedChangeFilter& filter);

}  // namespace tocsin::supervisor
