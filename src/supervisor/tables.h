#pragma once
// Inside of the room: rows of its tables as records.

#include <string>
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

// Column `labels` of table `alerts`: "name=value" one after the other, with this before and after
// each; empty if it has none.
inline constexpr char kLabelEnd = '\x1f';
// They as people read them: "name=value name=value". `alerts` is called `a`.
inline constexpr std::string_view kScopeText = "trim(replace(a.labels, char(31), ' '))";
// That such an alert has a label; two values: name, value. For open ones the table of labels does
// not say.
inline constexpr std::string_view kHasLabel =
    "instr(a.labels, char(31) || ? || '=' || ? || char(31)) > 0";

// The value of a label of the row `alerts`, '' if it has none; kLabelValues times
// before_value(name).
std::string label_value(std::string_view alerts);
inline constexpr size_t kLabelValues = 5;
std::string before_value(std::string_view label);

// Columns of table `deliveries`, in the order that delivery_of() reads them.
inline constexpr std::string_view kDeliveryColumns =
    "id, alert, receiver, kind, event, state, attempts, planned, sent, next_try, answer,"
    " group_id, text, loud";
Delivery delivery_of(const state::Row& row);

}  // namespace tocsin::supervisor
