#pragma once
// Section `queries`: what questions about points may cost. Read at the start.

#include "base/time.h"
#include "config/folder.h"
#include "config/reference.h"

namespace tocsin {

struct QuerySettings {
  uint32_t threads = 0;  // 0: one per core, at least 2, at most 8
  uint32_t queue = 100;  // waiting for a thread; past it 503
  DurationMs timeout = minutes(2);
  DurationMs lookback = minutes(5);
  uint64_t samples_max = 50'000'000;  // 16 bytes each

  static QuerySettings read(const config::Folder& folder, config::Problems& problems);
  static void describe(config::Reference& reference);
  uint32_t thread_count() const;
};

}  // namespace tocsin
