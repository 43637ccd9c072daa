#pragma once
// Section `budget`: how often people may be told anything, and how that is verified.

#include <optional>

#include "config/folder.h"
#include "config/reference.h"
#include "vocabulary/frequency.h"

namespace tocsin {

struct BudgetSettings {
  std::optional<Frequency> pages;  // of the installation; nullopt: none is set
  DurationMs replay = days(28);    // how much of the past is replayed; 0 = not at all
  DurationMs replay_every = days(1);
  uint64_t replay_points_max = 100'000'000;  // the span is shortened until it has no more

  static BudgetSettings read(const config::Folder& folder, config::Problems& problems);
  static void describe(config::Reference& reference);
};

}  // namespace tocsin
