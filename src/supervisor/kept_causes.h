#pragma once
// The likely causes of an alert as they were ranked when it was judged: kept as the answer that was
// given, so that a report shows the same for as long as the alert is kept.
//
// A table of its own (alert_causes); its rows go with their alert. Written by the SQL writer.
// Bounded: one row per alert, kKeptCausesBytesMax each.

#include <optional>
#include <span>
#include <string>

#include "base/id.h"
#include "base/result.h"
#include "state/database.h"
#include "state/migrations.h"

namespace tocsin::supervisor {

inline constexpr size_t kKeptCausesBytesMax = 256 * 1024;

std::span<const state::Migration> kept_causes_migrations();
// `answer`: JSON. Takes the place of an earlier one. False: there is no such alert (any more).
// kInvalid if it is too long.
Result<bool> keep_causes(state::Transaction& transaction, const Id128& alert, TimeMs at,
                         const std::string& answer);
Result<std::optional<std::string>> read_causes(state::Database& database, const Id128& alert);

}  // namespace tocsin::supervisor
