#pragma once
// What is stored and whether it checks out, as JSON and as lines for people: the same for the
// command and for the API.

#include <string>

#include "store/store_stats.h"

namespace tocsin {

std::string stats_json(const StoreStats& stats);
std::string stats_text(const StoreStats& stats);

struct VerifyState {
  enum class Stage { kNone, kRunning, kDone, kStopped, kFailed };
  Stage stage = Stage::kNone;
  TimeMs started{}, ended{};
  VerifyReport report;
  std::string error;
};
std::string verify_json(const VerifyState& state, const SeriesTable& series);
std::string verify_text(const VerifyState& state, const SeriesTable& series);

}  // namespace tocsin
