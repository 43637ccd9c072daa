#pragma once
// Inside of the room: rows of its tables as records.

#include <string_view>
#include <vector>

#include "supervisor/changes.h"

namespace tocsin::supervisor {

// Alerts with notes and the receivers they were told to. `condition` is what stands behind WHERE,
// with ORDER BY and LIMIT if wanted.
Result<std::vector<AlertRecord>> read_records(state::Database& database, std::string_view condition,
                                              state::Values values);
Result<std::vector<Silence>> read_silences(state::Database& database, std::string_view condition,
                                           const state::Values& values = {});
// Silences of occurrences of maintenance windows that are over, with their begin, the newest
// 10,000; not those that a changed configuration ended.
Result<std::vector<std::pair<std::string, TimeMs>>> read_ended_windows(state::Database& database);
Result<Applied> read_applied(state::Database& database);

// Columns of table `deliveries`, in the order that delivery_of() reads them.
inline constexpr std::string_view kDeliveryColumns =
    "id, alert, receiver, kind, event, state, attempts, planned, sent, next_try, answer,"
    " group_id, text, loud";
Delivery delivery_of(const state::Row& row);

}  // namespace tocsin::supervisor
