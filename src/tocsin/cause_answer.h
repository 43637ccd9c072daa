#pragma once
// From an alert to the question for its causes, and from what was ranked to the answer that people
// see. Pure: the reading between the two is live_causes.h's.

#include <span>
#include <vector>

#include "query/cause_scan.h"
#include "server/causes_desk.h"
#include "vocabulary/alert.h"

namespace tocsin {

struct CausesAsked {
  query::CauseWindow window;
  TimeMs reference;                           // what leads are measured to
  Labels about;                               // what related series share
  std::vector<Labels> own;                    // series that are no causes: the alert's
  DurationMs time_limit = milliseconds(900);  // of looking at series
};

// When an alert opens hardly anything is to be seen yet; five minutes later more is.
enum class CausesWhen : uint8_t { kAtOpening, kLater };
inline constexpr DurationMs kCausesLater = minutes(5);
CausesAsked causes_asked(const AlertView& alert, CausesWhen when);
CausesAsked causes_asked(const server::CausesQuery& query, const AlertView* alert);

// Changes that may have to do with it begin at most so long before the span.
inline constexpr DurationMs kChangeReach = hours(1);

server::CausesView causes_view(const CausesAsked& asked, const query::CauseScan& scan,
                               const query::CauseOrder& order,
                               std::span<const supervisor::MarkedChange> changes);

}  // namespace tocsin
