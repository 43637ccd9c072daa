#pragma once
// Changes to a schedule that people make by hand, through page and API. State, not configuration:
// rows of table `oncall_overrides`, written by the SQL writer, read on any read connection.
// Bounded: kOverridesMax that have not ended, per installation.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "state/database.h"
#include "state/migrations.h"

namespace tocsin::oncall {

inline constexpr size_t kOverridesMax = 5000;

// take_over: `person` is on call instead of `instead_of`, or instead of everybody if that is empty.
// add: `person` is on call as well. remove: `instead_of`, or everybody, is not on call.
struct Override {
  enum class Kind : uint8_t { kTakeOver, kAdd, kRemove };
  std::string id;
  std::string schedule;
  Kind kind = Kind::kTakeOver;
  TimeMs from;
  TimeMs to;
  std::string person;
  std::string instead_of;
  std::string reason;
  std::string by;
  TimeMs created;
  std::string ended_by;  // who took it back; `to` is then when, at the latest
  TimeMs ended_at;       // 0: nobody

  // What it covers; one that was taken back before it began covers nothing.
  TimeMs end() const { return ended_at.ms != 0 && ended_at < to ? ended_at : to; }
  bool covers(TimeMs at) const { return from <= at && at < end(); }
};
std::string_view to_text(Override::Kind kind);  // "take_over", "add", "remove"
std::optional<Override::Kind> parse_override_kind(std::string_view text);

// Who is on call once these, in order of creation, have had their say. `people` is sorted.
void apply_overrides(std::span<const Override* const> overrides, std::vector<std::string>& people);

std::span<const state::Migration> override_migrations();
Result<void> write_override(state::Transaction& transaction, const Override& override);
// Those that end after `since`, by creation.
Result<std::vector<Override>> read_overrides(state::Database& database, TimeMs since);

}  // namespace tocsin::oncall
