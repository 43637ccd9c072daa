#pragma once
// Payloads of the journal's note frames that mean something to this program.

#include <string_view>

namespace tocsin {

// Every stage saves its state when it has passed this frame (docs/decisions/0005).
inline constexpr std::string_view kCheckpointMarker = "checkpoint";
// A timer was due and no other frame came: the time of this one makes it run, live, after a crash
// and in replay alike (docs/decisions/0004).
inline constexpr std::string_view kClockMarker = "clock";
// The first frame of a start: "started VERSION", the version of the configuration. Between the
// frame before it and this one nobody listened, so no timer runs and silence is suspended.
inline constexpr std::string_view kStartedMarker = "started ";

// "answer accepted ID BY", "answer kept ID BY": violation.h reads and writes them.
inline constexpr std::string_view kAnswerMarker = "answer ";

}  // namespace tocsin
