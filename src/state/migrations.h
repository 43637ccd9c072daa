#pragma once
// Numbered steps that make and change tables. A room owns its tables and registers its steps; the
// program runs all of them at start, each in a transaction of its own, each exactly once.

#include <span>
#include <string_view>

#include "base/result.h"
#include "state/database.h"

namespace tocsin::state {

// Never changed once released: a change is a new number. Numbers of a room ascend from 1.
struct Migration {
  int number = 0;
  std::string_view room;  // "supervisor"
  std::string_view sql;   // several statements; tables are STRICT
};

// Runs what the file has not seen yet, in the order given. kRefused if the file was made by a newer
// program (a number of one of these rooms that is not in the list), kCorrupt if the text of a step
// differs from what was run.
Result<void> migrate(Database& database, std::span<const Migration> migrations);

}  // namespace tocsin::state
